"""What an officer says of risk reaches the duty address, whatever a model said before."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from postroom.casework.taking_back import take_back
from postroom.models.database import open_session
from postroom.models.settings import Settings
from postroom.notifications.scheduler import sweep
from tests.notifications.conftest import COMPLAINT, Desk, on_sqlite
from tests.notifications.test_acknowledgements import suggest_risk

AT_RISK = replace(COMPLAINT, at_risk=True)


def alerts(desk: Desk) -> int:
    return sum(mail.kind == "alert" for mail in desk.outbox())


@pytest.fixture
def olive(desk: Desk) -> int:
    return desk.officer("Olive")


def test_an_officers_mark_alerts_the_duty_address_after_a_models_alert_did(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.awaiting(now)
    suggest_risk(engine, case_id, now)
    sweep(engine, settings, now)
    desk.confirm(case_id, AT_RISK, now)
    sweep(engine, settings, now)
    sweep(engine, settings, now + timedelta(hours=1))
    mails = [mail for mail in desk.outbox() if mail.kind == "alert"]
    assert [mail.once.rpartition(":")[0] for mail in mails] == ["alert:message", f"alert:{case_id}"]
    assert {mail.recipient for mail in mails} == {"duty@ardenshire.example"}
    assert desk.case(case_id).reference in mails[-1].subject


def test_the_mark_set_on_an_open_case_alerts_once_however_the_case_is_corrected_after(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    sweep(engine, settings, now)
    assert alerts(desk) == 0
    for labels in (AT_RISK, replace(AT_RISK, category="staff_conduct")):
        desk.confirm(case_id, labels, now)
        sweep(engine, settings, now)
        assert alerts(desk) == 1


def test_a_mark_that_was_cleared_and_is_set_again_alerts_again(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.confirmed(now, AT_RISK)
    sweep(engine, settings, now)
    for labels, told in ((COMPLAINT, 1), (AT_RISK, 2)):
        desk.confirm(case_id, labels, now)
        sweep(engine, settings, now)
        assert alerts(desk) == told


@on_sqlite
def test_a_mark_that_was_taken_back_at_once_alerts_nobody(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, olive: int
) -> None:
    case_id = desk.awaiting(now)
    desk.confirm(case_id, AT_RISK, now)
    with open_session(engine) as session:
        take_back(session, case_id, officer_id=olive, now=now)
        session.commit()
    sweep(engine, settings, now)
    assert alerts(desk) == 0


@on_sqlite
def test_a_mark_of_long_ago_alerts_nobody_on_the_day_that_a_duty_address_is_set(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.confirmed(now, AT_RISK)
    sweep(engine, settings, now + timedelta(days=8))
    assert alerts(desk) == 0
