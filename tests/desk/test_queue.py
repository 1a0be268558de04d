"""The queue and the lists of cases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.desk.queries import queue
from postroom.desk.sessions import SignedIn
from postroom.models.database import open_session
from postroom.models.officer import Role
from postroom.models.outgoing_mail import MailState
from postroom.models.raw_message import FilingState
from postroom.models.settings import Settings
from tests.desk.conftest import Visitor, add_people, officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, CLOSING, HIGHWAYS_REQUEST, Mailroom

ALICE = SignedIn(1, "Alice", Role.CUSTOMER_RELATIONS, frozenset({"customer-relations"}), "", "")
HIGHWAYS = Labels("service_request", "highways", "fix_problem")


def at_risk(suggestion: dict[str, Any]) -> dict[str, Any]:
    return {**suggestion, "at_risk": True}


def test_people_at_risk_come_first_then_the_oldest(engine: Engine, settings: Settings, now: datetime) -> None:
    mailroom = Mailroom(engine, settings)
    add_people(engine, settings, now)
    yesterday = now - timedelta(days=1)
    newer = mailroom.case(now, HIGHWAYS_REQUEST)
    older = mailroom.case(yesterday)
    newer_at_risk = mailroom.case(now, at_risk(HIGHWAYS_REQUEST))
    older_at_risk = mailroom.case(yesterday, at_risk(HIGHWAYS_REQUEST))
    mailroom.confirmed(yesterday, HIGHWAYS, officer_id("alice"))

    found = queue.waiting(engine, ALICE, settings, 1)

    assert [row.reference for row in found.rows] == [older_at_risk, newer_at_risk, older, newer]
    assert found.total == 4
    assert queue.next_waiting(engine, ALICE, settings, newer_at_risk) == older
    assert queue.next_waiting(engine, ALICE, settings, newer) == older_at_risk
    assert queue.next_waiting(engine, ALICE, settings, "AR-2020-000001") == older_at_risk


def test_the_figures_count_what_there_is_to_do(engine: Engine, settings: Settings, now: datetime) -> None:
    mailroom = Mailroom(engine, settings)
    add_people(engine, settings, now)
    mailroom.case(now, at_risk(HIGHWAYS_REQUEST))
    mailroom.case(now)
    late = mailroom.confirmed(now - timedelta(days=30), HIGHWAYS, officer_id("alice"))
    mailroom.confirmed(now - timedelta(days=7), HIGHWAYS, officer_id("alice"))  # to be acknowledged today
    mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    mailroom.raw(now, state=FilingState.HELD, reason="odd")
    mailroom.letter(now, late, state=MailState.DEAD)
    mailroom.letter(now, late, state=MailState.SENT)

    counts = queue.counts(engine, ALICE, settings, now.date())

    assert counts == queue.Counts(awaiting=2, at_risk=1, open=3, late=1, due_soon=1, held=1, undelivered=1, unread=0)


def test_open_cases_come_by_what_is_due_next(engine: Engine, settings: Settings, now: datetime) -> None:
    mailroom = Mailroom(engine, settings)
    add_people(engine, settings, now)
    alice = officer_id("alice")
    answered = mailroom.confirmed(now - timedelta(days=9), HIGHWAYS, alice)
    new = mailroom.confirmed(now, HIGHWAYS, alice)
    old = mailroom.confirmed(now - timedelta(days=8), HIGHWAYS, alice)
    with open_session(engine) as session:
        case_id = mailroom.case_id(answered)
        cases.acknowledge(session, case_id, settings=settings, now=now, actor="test", how="letter")
        cases.respond(session, case_id, officer_id=alice, how="letter", settings=settings, now=now)
        session.commit()

    found = queue.open_cases(engine, ALICE, settings, 1).rows

    assert [(row.reference, row.step) for row in found] == [(old, "acknowledge"), (new, "acknowledge"), (answered, "")]


def test_a_row_says_who_when_what_it_seems_to_be_and_how_sure(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    mailroom.case(now - timedelta(days=1), HIGHWAYS_REQUEST, name="Jo Park", text="There is\n\na pothole.")

    row = alice.page("/").text
    assert "Pothole on Mill Lane Jo Park , yesterday at 10:00, waiting 1 working day AR-2026-000001" in row
    assert "There is a pothole. Service request Very sure, 97% Highways" in row


def test_an_unsure_suggestion_says_so_and_none_is_said_too(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    mailroom.case(now, {**HIGHWAYS_REQUEST, "type_probability": 0.54})
    mailroom.case(now)
    mailroom.case(now, {"type": "", "team": ""})

    words = alice.page("/").text
    assert "Unsure, 54%" in words
    assert "No suggestion yet" in words
    assert "No suggestion New" not in words
    assert words.count("No suggestion") == 2


def test_a_long_queue_comes_in_pages(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    for minute in range(27):
        mailroom.case(now - timedelta(minutes=minute), HIGHWAYS_REQUEST)

    first, second, past_the_end = alice.page("/"), alice.page("/?page=2"), alice.page("/?page=9")

    assert len(first.links("/cases/")) == 25
    assert "1 to 25 of 27" in first.text
    assert first.links("/?page") == ["/?page=2"]
    assert second.links("/cases/") == past_the_end.links("/cases/")
    assert len(second.links("/cases/")) == 2
    assert second.links("/?page") == ["/?page=1"]


@pytest.mark.parametrize(("path", "words"), [("/", "Nothing awaits"), ("/open-cases", "No case is open")])
def test_an_empty_list_says_so(path: str, words: str, alice: Visitor) -> None:
    assert words in alice.page(path).text


def test_the_lists_tell_deadlines_in_words(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    mailroom.confirmed(now - timedelta(days=8), HIGHWAYS, officer_id("alice"))

    assert "1 working day late Acknowledge by Tue 3 Mar 2026" in alice.page("/open-cases").text


def test_closed_cases_have_their_own_list(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    alice.post(f"/cases/{reference}/closure", reason="done", **CLOSING)

    assert alice.page("/open-cases").links("/cases/") == []
    assert alice.page("/closed-cases").links("/cases/") == [f"/cases/{reference}"]


def test_a_case_is_found_by_its_reference_however_it_is_typed(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now)

    assert alice.page(f"/find?reference=%20{reference.lower()}%20").h1 == reference
    assert alice.page("/find?reference=AR-2026-9", 404).h1 == "No such case"
    assert alice.page("/find", 404).h1 == "No such case"


def test_a_daylight_saving_night_changes_no_order(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    later = mailroom.case(now.replace(month=3, day=29, hour=1, minute=30))
    earlier = mailroom.case(now.replace(month=3, day=29, hour=0, minute=59))

    assert alice.page("/").links("/cases/") == [f"/cases/{earlier}", f"/cases/{later}"]


def test_what_seems_to_be_a_childrens_case_is_marked_as_sealed(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    mailroom.case(now, CHILDREN_COMPLAINT)

    assert "At risk Sealed Complaint" in alice.page("/").text
