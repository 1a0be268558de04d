"""What waits for one officer by name: notes, letters they began, what they are to do, their cases."""

from datetime import datetime

import pytest
from sqlalchemy import Engine

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.casework.working_days import calendar_of
from postroom.desk.filters import NOBODY, Filters
from postroom.desk.queries import queue
from postroom.desk.queries.my_work import my_work
from postroom.desk.sessions import SignedIn
from postroom.models.officer import Role
from postroom.models.settings import Settings
from tests.desk.casework import Desk
from tests.desk.conftest import Clock, Enter, Visitor, add_people, officer_id
from tests.desk.mailroom import Mailroom

ALICE = SignedIn(1, "Alice", Role.CUSTOMER_RELATIONS, frozenset({"customer-relations"}), "", "")
RESPONSE = "letters/new/response"


@pytest.fixture
def desk(mailroom: Mailroom, now: datetime) -> Desk:
    return Desk(mailroom, now)


def test_a_note_reaches_whom_it_names(desk: Desk, alice: Visitor, charlie: Visitor) -> None:
    reference = desk.open()
    alice.post(f"/cases/{reference}/notes/new", note="@charlie please ring the contractor")

    assert charlie.page("/").links("/my-work") == ["/my-work", "/my-work"], "in the navigation, and among the figures"
    assert "1 note names you" in charlie.page("/").text
    assert "Alice, today at 10:00 @charlie please ring the contractor" in charlie.page("/my-work").text
    assert "please ring" not in alice.page("/my-work").text

    charlie.page(f"/cases/{reference}")
    assert "Nothing waits for you by name" in charlie.page("/my-work").text
    assert charlie.page("/").links("/my-work") == ["/my-work"]


def test_the_words_of_a_note_on_a_sealed_case_are_read_there(desk: Desk, alice: Visitor) -> None:
    reference = desk.sealed()
    desk.make(cases.add_note, reference, "@alice his manager knows", mentions=[officer_id("alice")])

    page = alice.page("/my-work")
    assert reference in page.text
    assert "his manager knows" not in page.text


def test_nobody_sees_here_what_they_may_not_see(desk: Desk, charlie: Visitor) -> None:
    reference = desk.open(Labels("complaint", "libraries", "service_standards"))
    desk.make(cases.add_note, reference, "@charlie look", mentions=[officer_id("charlie")])

    assert "Nothing waits for you by name" in charlie.page("/my-work").text


def test_nobody_is_called_in_who_would_never_read_it(desk: Desk, alice: Visitor) -> None:
    reference = desk.open(Labels("complaint", "libraries", "service_standards"))

    refused = alice.post(f"/cases/{reference}/notes/new", 422, note="@charlie please look").text
    assert f"Charlie may not see {reference}, so the note would not reach them." in refused
    assert "Did you mean @Charlie?" in alice.post(f"/cases/{reference}/notes/new", 422, note="@Charly look").text


def test_each_officer_has_the_letters_that_they_began(
    desk: Desk, alice: Visitor, charlie: Visitor, clock: Clock
) -> None:
    reference = desk.drafted()
    clock.forward(minutes=5)

    page = alice.page("/my-work")
    assert f"The response , not sent yet. Kept today at 09:00. Pothole on Mill Lane {reference}" in page.text
    assert f"/cases/{reference}/{RESPONSE}" in page.links()
    (discarding,) = page.links(f"/cases/{reference}/drafts/")
    assert RESPONSE not in charlie.page("/my-work").source

    alice.post(discarding)
    assert RESPONSE not in alice.page("/my-work").source


def test_a_letter_that_a_colleague_went_on_with_is_theirs(desk: Desk, alice: Visitor, charlie: Visitor) -> None:
    reference = desk.drafted()
    charlie.post(f"/cases/{reference}/{RESPONSE}", outcome="upheld", subject="A", text="B", draft="1", then="keep")

    assert RESPONSE in charlie.page("/my-work").source
    assert RESPONSE not in alice.page("/my-work").source


def test_what_an_officer_is_to_do_stands_with_its_date(desk: Desk, alice: Visitor) -> None:
    reference = desk.with_action()

    page = alice.page("/my-work")
    assert "Tell the contractor" in page.text
    (done,) = page.links(f"/cases/{reference}/actions/")
    alice.post(done, how="told by telephone")
    assert "Tell the contractor" not in alice.page("/my-work").text


def test_open_cases_stand_with_who_works_on_them(desk: Desk, alice: Visitor, charlie: Visitor) -> None:
    reference = desk.open()
    assert reference not in charlie.page("/my-work").text

    alice.post(f"/cases/{reference}/assignment", officer=str(officer_id("charlie")))
    page = charlie.page("/my-work")
    assert "1 open case" in page.text
    assert page.links("/cases/") == [f"/cases/{reference}"]


def test_who_only_looks_is_offered_nothing_to_do(desk: Desk, enter: Enter) -> None:
    reference = desk.open()
    desk.make(cases.add_note, reference, "@otto see this", mentions=[officer_id("otto")])

    page = enter("otto").page("/my-work")
    assert "@otto see this" in page.text
    assert page.links("/cases/") == [f"/cases/{reference}"]


def test_either_database_finds_what_waits_for_somebody(engine: Engine, settings: Settings, now: datetime) -> None:
    add_people(engine, settings, now)
    desk = Desk(Mailroom(engine, settings), now)
    drafted, acting = desk.drafted(), desk.with_action()
    desk.make(cases.add_note, acting, "@alice look", mentions=[ALICE.officer_id])
    days = queue.Days.of(now.date(), calendar_of(settings))

    found = my_work(engine, ALICE, settings)
    assert [(note.reference, note.who, note.words) for note in found.notes] == [(acting, "Alice", "@alice look")]
    assert [(draft.reference, draft.current) for draft in found.drafts] == [(drafted, True)]
    assert [(action.reference, action.text) for action in found.actions] == [(acting, "Tell the contractor")]
    assert queue.counts(engine, ALICE, settings, now.date()).called_in == 1
    assert queue.open_facets(engine, ALICE, settings, days).officers == {NOBODY: 2}
    nobodys = Filters(officer=NOBODY, due="week")
    assert {row.reference for row in queue.open_cases(engine, ALICE, settings, 1, days, nobodys).rows} == {
        drafted,
        acting,
    }
    assert queue.open_cases(engine, ALICE, settings, 1, days, Filters(due="late")).rows == []
