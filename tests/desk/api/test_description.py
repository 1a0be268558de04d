"""The API held to its own description: whatever that allows is answered as it says, and what it does not is refused."""

from datetime import datetime

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode

from postroom.casework.labels import Labels
from postroom.desk.api.app import PATH
from tests.desk.api.conftest import Program, Programs
from tests.desk.conftest import officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

HIGHWAYS = Labels("complaint", "highways", "service_standards")


@pytest.fixture
def asking(program: Programs, mailroom: Mailroom, now: datetime) -> Program:
    mailroom.case(now, HIGHWAYS_REQUEST)
    mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    return program()


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_each_operation_keeps_to_the_description(app: FastAPI, asking: Program, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi(f"{PATH}/openapi.json", app)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        def keeps(case: Case) -> None:
            if mode is GenerationMode.POSITIVE and "reference" in case.path_parameters:
                case.path_parameters["reference"] = "AR-2026-000001"
            case.call_and_validate(headers={"Authorization": asking.client.headers["authorization"]})

        keeps()
        tried += 1
    assert tried == 8
