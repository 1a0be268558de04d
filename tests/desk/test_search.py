"""Finding cases by reference, name and words, within what somebody may see."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from postroom.casework.labels import Labels
from postroom.desk.filters import Filters
from postroom.desk.queries.search import Results, search
from postroom.desk.search_words import Term, around, for_postgresql, for_sqlite, references, terms
from postroom.desk.sessions import SignedIn
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Role
from postroom.models.settings import Settings
from tests.desk.conftest import Visitor, add_people, officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, HIGHWAYS_REQUEST, Mailroom

ALICE = SignedIn(1, "Alice", Role.CUSTOMER_RELATIONS, frozenset({"customer-relations"}), "", "")
CHARLIE = SignedIn(3, "Charlie", Role.OFFICER, frozenset({"highways"}), "", "")
CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")
HIGHWAYS = Labels("service_request", "highways", "fix_problem")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", []),
        ("Mill Lane", [Term(("mill",)), Term(("lane",))]),
        ('"Mill Lane" pothole', [Term(("mill", "lane"), exact=True), Term(("pothole",))]),
        ("jo@example.org", [Term(("jo", "example", "org"))]),
        ("\" '; -- *", []),
        ("O'Brien", [Term(("o", "brien"))]),
    ],
)
def test_words_are_taken_as_they_are_typed(typed: str, found: list[Term]) -> None:
    assert terms(typed) == found


def test_words_are_put_in_the_language_of_each_database() -> None:
    wanted = terms('"mill lane" pot')
    assert for_sqlite(wanted) == '"mill lane" AND "pot" *'
    assert for_postgresql(wanted) == "(mill <-> lane) & (pot:*)"


@pytest.mark.parametrize(
    ("typed", "first"),
    [("AR-2026-000123", "AR-2026-000123"), (" ar-2025-123 ", "AR-2025-000123"), ("123", "AR-2026-000123")],
)
def test_a_reference_is_known_without_all_its_parts(typed: str, first: str) -> None:
    assert references(typed, "AR", date(2026, 3, 4))[0] == first


def test_what_is_no_reference_of_ours_is_none() -> None:
    assert references("XY-2026-000123", "AR", date(2026, 3, 4)) == []
    assert references("pothole", "AR", date(2026, 3, 4)) == []


def test_the_place_where_a_word_stands_is_shown() -> None:
    text = "Nothing here. " * 20 + "The Potholes on Mill Lane are deep. " + "Nothing there. " * 20
    found = around(text, terms("pothole"))
    assert found.word == "Potholes"
    assert found.before.startswith("…")
    assert found.before.endswith("The ")
    assert found.after.startswith(" on Mill Lane")
    assert found.after.endswith("…")


def look(engine: Engine, settings: Settings, typed: str, visitor: SignedIn = ALICE, **filters: str) -> list[str]:
    return [row.reference for row in _results(engine, settings, typed, visitor, **filters).paged.rows]


def _results(engine: Engine, settings: Settings, typed: str, visitor: SignedIn = ALICE, **filters: str) -> Results:
    today = date(2026, 3, 4)
    return search(engine, typed, Filters.of(filters), 1, visitor=visitor, settings=settings, today=today)


def test_cases_are_found_by_words_names_addresses_and_references(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    mailroom = Mailroom(engine, settings)
    add_people(engine, settings, now)
    text = "The café's pothole in the lane damaged my wheel."
    wheel = mailroom.confirmed(
        now, HIGHWAYS, officer_id("alice"), name="May Will", email="may.will@example.org", text=text
    )
    other = mailroom.case(now, HIGHWAYS_REQUEST, subject="Street light", text="It is dark.", quoted="> a lamp")

    assert look(engine, settings, "potholes damage") == [wheel]
    assert look(engine, settings, "damaging POTHOLE") == [wheel]
    assert look(engine, settings, "may will") == [wheel]
    assert look(engine, settings, "may.will@example.org") == [wheel]
    assert look(engine, settings, '"in the lane"') == [wheel]
    assert look(engine, settings, '"lane in the"') == []
    assert look(engine, settings, "lamp street") == [other]
    assert look(engine, settings, "pothole dark") == []
    assert look(engine, settings, wheel[-6:]) == [wheel]
    assert look(engine, settings, "wheel", team="libraries") == []
    assert look(engine, settings, "wheel", team="highways") == [wheel]


def test_changed_and_erased_words_are_found_no_more(engine: Engine, settings: Settings, now: datetime) -> None:
    reference = Mailroom(engine, settings).case(now, text="A secret word")
    with open_session(engine) as session:
        session.connection().execute(update(Message).values(text="erased", new_text="erased"))
        session.commit()

    assert look(engine, settings, "secret") == []
    assert look(engine, settings, "erased") == [reference]


def test_a_message_of_any_length_and_form_is_stored_and_searched(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    text = " ".join(f"word{number}" for number in range(150_000)) + " " + "x" * 5_000
    reference = Mailroom(engine, settings).case(now, text=text)

    assert look(engine, settings, "word77") == [reference]


def test_nobody_finds_what_they_may_not_see(engine: Engine, settings: Settings, now: datetime) -> None:
    mailroom = Mailroom(engine, settings)
    add_people(engine, settings, now)
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"), subject="About my grandson", text="left alone")
    mailroom.case(now - timedelta(days=1), CHILDREN_COMPLAINT, subject="My grandson", text="left alone")
    bob = SignedIn(2, "Bob", Role.OFFICER, frozenset({"childrens-nuneaton"}), "", "")

    assert look(engine, settings, "grandson", CHARLIE) == []
    assert look(engine, settings, sealed, CHARLIE) == []
    assert len(look(engine, settings, "grandson", bob)) == 2
    assert all(row.found is None for row in _results(engine, settings, "alone", bob).paged.rows)
    assert sealed not in look(engine, settings, "grandson", ALICE)


def test_the_page_goes_to_a_reference_and_lists_what_holds_the_words(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, CHILDREN_COMPLAINT, text="He is left alone overnight.")
    plain = mailroom.case(now, HIGHWAYS_REQUEST, text="Left alone in a <b>pothole</b>.")

    assert alice.page(f"/find?words=%20{plain.lower()}%20").h1 == plain
    found = alice.page("/find?words=alone")
    assert "2 cases found" in found.text
    assert "Left alone in a <b>pothole</b>." in found.text
    assert "overnight" not in found.source
    assert set(found.links("/cases/")) == {f"/cases/{reference}", f"/cases/{plain}"}
    assert charlie.page("/find?words=alone").links("/cases/") == [f"/cases/{plain}"]
    assert "Nothing found that you may see" in charlie.page("/find?words=overnight").text
    assert alice.page("/find").h1 == "Search"
