from datetime import datetime

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework.labels import Labels
from postroom.desk.app import create_app
from postroom.desk.blind import decides_first
from postroom.models.case import Decision
from postroom.models.database import open_session
from postroom.models.message import Suggestion
from postroom.models.settings import Settings
from tests.desk.conftest import Clock, Visitor
from tests.desk.mailroom import CHILDREN_COMPLAINT, HIGHWAYS_REQUEST, Mailroom

HOLE = Labels("service_request", "highways", "fix_problem", "none", at_risk=False)
CHILD = Labels("enquiry", "childrens-nuneaton", "none", "none", at_risk=False)


@pytest.fixture
def app(sqlite: Engine, settings: Settings, clock: Clock) -> FastAPI:
    """The desk of a council where officers always decide first."""
    triage = settings.triage.model_copy(update={"blind_share": 1.0})
    return create_app(sqlite, settings.model_copy(update={"triage": triage}), clock=clock)


def _last_decision(engine: Engine) -> Decision:
    with open_session(engine, read_only=True) as session:
        return session.exec(select(Decision).order_by(Decision.id.desc())).first()  # type: ignore[union-attr,return-value]


def test_the_share_is_of_messages_and_stays_the_same() -> None:
    share = [number for number in range(1, 10_001) if decides_first(number, 0.05)]
    assert 400 < len(share) < 600
    assert [number for number in range(1, 10_001) if decides_first(number, 0.1)][: len(share)] != share
    assert set(share) <= {number for number in range(1, 10_001) if decides_first(number, 0.1)}
    assert not any(decides_first(number, 0.0) for number in range(1000))


def test_the_officer_decides_first_and_is_told_then(
    mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    queue, case = alice.page("/"), alice.page(f"/cases/{reference}")
    assert "You decide first" in queue.text
    assert "Service request" not in queue.text
    assert "You decide first" in case.text
    assert "Very sure" not in case.text
    assert case.tree.xpath("//mark") == []
    assert (case.value("type"), case.value("team")) == ("", "")
    fields = {name: case.value(name) for name in ("version", "suggestion", "blind")}
    labels = {"type": "complaint", "category": "communication", "team": "highways", "exclusion": "none"}
    after = alice.post(f"/cases/{reference}/labels", **fields, **labels, then="next")
    assert "You decided first" in after.source
    assert "What was suggested" in after.text
    assert "Service request" in after.text
    decision = _last_decision(sqlite)
    assert (decision.blind, decision.type, decision.suggestion_id) == (True, "complaint", 1)


def test_that_somebody_may_be_at_risk_is_shown_all_the_same(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, CHILDREN_COMPLAINT)
    assert "At risk" in alice.page("/").text
    case = alice.page(f"/cases/{reference}")
    assert "At risk" in case.text
    assert case.tree.xpath("//input[@name='at_risk']/@checked")


def test_a_decision_keeps_the_suggestion_that_was_shown_not_a_newer_one(
    mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    shown = alice.page(f"/cases/{reference}")
    with open_session(sqlite) as session:
        session.add(Suggestion(message_id=1, model="newer", created_at=now, **CHILDREN_COMPLAINT))
        session.commit()
    fields = {name: shown.value(name) for name in ("version", "suggestion")}
    labels = {"type": "complaint", "category": "communication", "team": "highways", "exclusion": "none"}
    alice.post(f"/cases/{reference}/labels", **fields, **labels)
    assert _last_decision(sqlite).suggestion_id == 1


def test_a_suggestion_for_another_message_is_not_taken_for_the_one_shown(
    mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime
) -> None:
    mailroom.case(now, HIGHWAYS_REQUEST)
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    labels = {"type": "complaint", "category": "communication", "team": "highways", "exclusion": "none"}
    alice.post(
        f"/cases/{reference}/labels",
        version=alice.page(f"/cases/{reference}").value("version"),
        suggestion="1",
        **labels,
    )
    assert _last_decision(sqlite).suggestion_id is None
