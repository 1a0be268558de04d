"""The queue and the lists of cases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.casework.working_days import calendar_of
from postroom.desk.filters import Filters
from postroom.desk.queries import queue, waiting
from postroom.desk.sessions import SignedIn
from postroom.models.database import open_session
from postroom.models.officer import Role
from postroom.models.outgoing_mail import MailState
from postroom.models.raw_message import FilingState
from postroom.models.settings import Settings
from tests.desk.conftest import Visitor, add_people, officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, HIGHWAYS_REQUEST, Mailroom

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

    found = waiting.queue(engine, ALICE, settings, calendar_of(settings))

    assert [entry.reference for entry in found.entries] == [older_at_risk, newer_at_risk, older, newer]
    assert found.after(newer_at_risk, Filters()) == older
    assert found.after(newer, Filters()) == older_at_risk
    assert found.after("AR-2020-000001", Filters()) == older_at_risk
    assert found.place(older, Filters()) == (3, 4)


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

    assert counts == queue.Counts(open=3, late=1, due_soon=1, held=1, undelivered=1, unread=0, called_in=0)


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

    found = queue.open_cases(engine, ALICE, settings, 1, queue.Days.of(now.date(), calendar_of(settings))).rows

    assert [(row.reference, row.step) for row in found] == [(old, "acknowledge"), (new, "acknowledge"), (answered, "")]


def test_open_cases_are_found_by_when_they_are_due_and_by_who_works_on_them(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    late = mailroom.confirmed(now - timedelta(days=30), HIGHWAYS, officer_id("alice"), name="Jo Park")
    today = mailroom.confirmed(now - timedelta(days=7), HIGHWAYS, officer_id("alice"))
    new = mailroom.confirmed(now - timedelta(days=1), HIGHWAYS, officer_id("alice"))
    with open_session(mailroom.engine) as session:
        to, by = officer_id("charlie"), officer_id("alice")
        cases.assign(session, mailroom.case_id(late), to, officer_id=by, settings=mailroom.settings, now=now)
        session.commit()

    def found(query: str) -> list[str]:
        page = alice.page(f"/open-cases?{query}")
        return [link.rpartition("/")[2] for link in page.links("/cases/")]

    assert found("due=late") == found("officer=Charlie") == [late]
    assert found("due=tomorrow") == [today]
    assert found("due=week&officer=nobody") == [today, new]
    assert len(found("due=never")) == 3, "what is no filter filters nothing"
    page = alice.page("/open-cases?due=late")
    assert "Jo Park" in page.text
    assert "Late 1" in page.text
    assert "Highways Charlie" in page.text
    (figure,) = alice.page("/").links("/open-cases?due=late")
    assert alice.page(figure).links("/cases/") == [f"/cases/{late}"]


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
    with open_session(mailroom.engine) as session:
        cases.withdraw(
            session, mailroom.case_id(reference), reason="done", officer_id=1, settings=mailroom.settings, now=now
        )
        session.commit()

    assert alice.page("/open-cases").links("/cases/") == []
    assert alice.page("/closed-cases").links("/cases/") == [f"/cases/{reference}"]


def test_a_daylight_saving_night_changes_no_order(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    later = mailroom.case(now.replace(month=3, day=29, hour=1, minute=30))
    earlier = mailroom.case(now.replace(month=3, day=29, hour=0, minute=59))

    assert alice.page("/").links("/cases/") == [f"/cases/{earlier}", f"/cases/{later}"]


def test_what_seems_to_be_a_childrens_case_is_marked_as_sealed(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    mailroom.case(now, CHILDREN_COMPLAINT)

    assert "At risk Sealed Complaint" in alice.page("/").text


def test_filters_are_plain_addresses_and_count_what_they_leave(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    road = mailroom.case(now, {**HIGHWAYS_REQUEST, "answers": {"type": "offered"}})
    tip = mailroom.case(now, {**HIGHWAYS_REQUEST, "team": "waste", "at_risk": True})
    mailroom.case(now, {**HIGHWAYS_REQUEST, "team": "customer-relations", "type": "enquiry"})

    page = alice.page("/?team=waste&at_risk=yes")
    assert page.links("/cases/") == [f"/cases/{tip}?team=waste&at_risk=yes"]
    assert "All 3 At risk 1 Unsure 1 My teams 1" in page.text
    assert "Highways (0)" not in page.text
    assert alice.page("/?unsure=yes").links("/cases/") == [f"/cases/{road}?unsure=yes"]
    assert len(alice.page("/?mine=yes&nonsense=1").links("/cases/")) == 1
    assert "Nothing that fits these filters" in alice.page("/?type=compliment").text
    assert alice.page("/next?team=waste").url.path == f"/cases/{tip}"


def test_a_view_is_saved_under_a_name_for_its_officer_alone(
    mailroom: Mailroom, alice: Visitor, bob: Visitor, now: datetime
) -> None:
    mailroom.case(now, HIGHWAYS_REQUEST)

    saved = alice.post("/views", name="  Roads ", path="/", team="highways")
    assert "The view is saved." in saved.text
    assert "Roads 1" in alice.page("/").text
    assert "Roads" not in bob.page("/").text
    bob.post("/views/1/removal", 404, path="/")
    assert "Give the view a name" in alice.post("/views", 422, name=" ", path="/", team="highways").text
    assert "Set a filter first" in alice.post("/views", 422, name="All", path="//evil.example").text
    assert "The view is removed." in alice.post("/views/1/removal", path="/").text
    assert "Roads" not in alice.page("/").text


def test_what_is_due_first_comes_first_however_old(engine: Engine, settings: Settings, now: datetime) -> None:
    mailroom = Mailroom(engine, settings)
    older = mailroom.case(now - timedelta(days=1), {**HIGHWAYS_REQUEST, "type": "compliment", "category": "none"})
    children = mailroom.case(now, {**CHILDREN_COMPLAINT, "at_risk": False})

    found = waiting.queue(engine, ALICE, settings, calendar_of(settings)).entries

    by_due = sorted(found, key=lambda entry: (entry.due_on, entry.received_at))
    assert [entry.reference for entry in found] == [entry.reference for entry in by_due]
    assert {older, children} == {entry.reference for entry in found}


def test_the_pulse_changes_when_something_happens(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    before = alice.client.get("/pulse").json()
    assert alice.client.get("/pulse").json() == before
    mailroom.case(now)
    assert alice.client.get("/pulse").json() != before
