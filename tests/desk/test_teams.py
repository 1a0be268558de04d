"""Teams with days and predecessors, as the configuration has them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from postroom.casework.labels import Labels
from postroom.desk.app import create_app
from postroom.models.settings import Settings
from tests.desk.conftest import Clock, Visitor
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

EnterAt = Callable[[str], Visitor]


@pytest.fixture
def reorganised(sqlite: Engine, settings: Settings, clock: Clock) -> Mailroom:
    """A council whose highways team has ended, and whose work another took over."""
    old = settings.teams["highways"].model_copy(update={"until_on": clock.now.date() - timedelta(days=1)})
    new = settings.teams["highways"].model_copy(update={"name": "Roads and Paths", "predecessors": ["highways"]})
    return Mailroom(sqlite, settings.model_copy(update={"teams": {**settings.teams, "highways": old, "roads": new}}))


@pytest.fixture
def enter_at(reorganised: Mailroom, clock: Clock) -> EnterAt:
    """Somebody of that council, signed in."""

    def enter(name: str) -> Visitor:
        visitor = Visitor(TestClient(create_app(reorganised.engine, reorganised.settings, clock=clock)))
        visitor.sign_in(name)
        return visitor

    return enter


def test_teams_stand_with_their_days_and_with_what_was_before_them(
    reorganised: Mailroom, clock: Clock, enter_at: EnterAt
) -> None:
    reorganised.confirmed(clock.now - timedelta(days=9), Labels("complaint", "highways", "service_standards"), 1)

    rows = enter_at("dora").page("/admin/teams").tree.xpath("//tbody/tr")
    words = [" ".join(row.text_content().split()) for row in rows]
    (new,) = [row for row in words if row.startswith("Roads and Paths")]
    assert "Always Highways Nobody 0" in new
    assert words[-1].startswith("Highways"), "what is over comes last"
    assert "Ended Until Tue 3 Mar 2026 None Charlie, Ivan, Mary 1 of Highways Give them to another team" in words[-1]


def test_what_is_suggested_for_a_team_that_has_ended_goes_to_the_one_after_it(
    reorganised: Mailroom, clock: Clock, enter_at: EnterAt
) -> None:
    reference = reorganised.case(clock.now, HIGHWAYS_REQUEST)

    page = enter_at("alice").page(f"/cases/{reference}")
    assert page.value("team") == "roads"
    assert "Suggested for Highways, which is not there today" in page.text
    assert "highways" not in page.tree.xpath("//select[@name='team']//option/@value")


def test_no_case_is_given_to_a_team_that_has_ended(reorganised: Mailroom, clock: Clock, enter_at: EnterAt) -> None:
    labels = Labels("complaint", "libraries", "service_standards")
    reference = reorganised.confirmed(clock.now, labels, 1)

    offered = enter_at("alice").page(f"/cases/{reference}/team").tree.xpath("//select[@name='team']//option/@value")
    assert "roads" in offered
    assert "highways" not in offered
