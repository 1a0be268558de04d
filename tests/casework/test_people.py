from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.people import (
    Details,
    add_email,
    add_person,
    add_phone,
    cases_within_a_year,
    change_person,
    consents_of,
    details_of,
    emails_of,
    find_people,
    find_person,
    join_people,
    lift_restriction,
    name_person,
    phones_of,
    restrict_contact,
)
from postroom.models.case import Person
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.person import PersonEvent
from tests.casework.casebook import Casebook


def person_of(book: Casebook, case_id: int) -> int:
    return book.case(case_id).person_id or 0


@pytest.fixture
def pat(book: Casebook) -> int:
    """Whoever opened the first case."""
    return person_of(book, book.open_one().id or 0)


@pytest.fixture
def another(book: Casebook) -> int:
    with open_session(book.engine) as session:
        person = Person(name="P. Smith", created_at=book.now)
        session.add(person)
        session.commit()
        return person.id or 0


def test_what_an_officer_writes_about_a_person_is_kept_and_the_record_holds_no_words(book: Casebook, pat: int) -> None:
    with open_session(book.engine) as session:
        details = details_of(find_person(session, pat))
    known = replace(details, role="carer", large_print=True, advocate="Voice Ltd", language="Polish")
    book.make(change_person, pat, known)
    with open_session(book.engine) as session:
        person = find_person(session, pat)
        event = session.exec(select(PersonEvent)).one()
    assert (person.role, person.large_print, person.advocate, person.language) == ("carer", True, "Voice Ltd", "Polish")
    assert event.summary == "Changed: role, large print, language, advocate"


def test_a_role_outside_the_list_and_paper_without_an_address_are_refused(book: Casebook, pat: int) -> None:
    with pytest.raises(ImpossibleMove, match="Choose a role"):
        book.make(change_person, pat, Details(role="king"))
    with pytest.raises(ImpossibleMove, match="postal address"):
        book.make(change_person, pat, Details(on_paper=True))


def test_a_person_has_several_addresses_and_telephones(book: Casebook, pat: int, another: int) -> None:
    book.make(add_email, pat, "Pat@Work.example")
    book.make(add_phone, pat, "01926 (000) 000")
    with open_session(book.engine) as session:
        assert emails_of(session, pat) == ["pat@home.example", "pat@work.example"]
        assert phones_of(session, pat) == ["01926000000"]
    with pytest.raises(ImpossibleMove, match="somebody else's"):
        book.make(add_email, another, "pat@work.example")
    book.make(add_phone, another, "01926000000")  # a household's


@pytest.mark.parametrize(("add", "wrong"), [(add_email, "pat"), (add_phone, "call me")])
def test_what_is_no_address_or_number_is_refused(book: Casebook, pat: int, add: object, wrong: str) -> None:
    with pytest.raises(ImpossibleMove, match="Enter"):
        book.make(add, pat, wrong)  # type: ignore[arg-type]


def test_somebody_who_rang_is_added_and_found_by_name_number_and_address(book: Casebook) -> None:
    sam = book.make(add_person, Details(name="Sam O'Neill"), email="Sam@home.example", phone="01926 222222")
    with open_session(book.engine, read_only=True) as session:
        for words in ("o'neill", "sam@home.example", "01926-222 222"):
            assert [each.id for each in find_people(session, words)] == [sam.id]
        assert find_people(session, "%") == find_people(session, " ") == []
    with pytest.raises(ImpossibleMove, match="Enter a name"):
        book.make(add_person, Details())
    with pytest.raises(ImpossibleMove, match="somebody else's"):
        book.make(add_person, Details(name="Sam"), email="sam@home.example")


def test_an_officer_says_whose_case_it_is_and_the_history_shows_it(book: Casebook, pat: int) -> None:
    sam = book.make(add_person, Details(name="Sam", role="young_person"))
    case_id = book.confirmed()
    book.make(name_person, case_id, sam.id)
    assert person_of(book, case_id) == sam.id
    event = book.last_event(case_id)
    assert (event.before, event.after) == ({"person": pat}, {"person": sam.id})
    with pytest.raises(ImpossibleMove, match="theirs already"):
        book.make(name_person, case_id, sam.id)


def test_consents_on_record_are_those_of_all_cases(book: Casebook, pat: int) -> None:
    first, second = book.confirmed(), book.confirmed()
    for case_id in (first, second):
        book.make(cases.want_consent, case_id, whose="the mother", when=book.now + timedelta(hours=case_id))
    with open_session(book.engine, read_only=True) as session:
        assert [each.case_id for each in consents_of(session, pat)] == [second, first]


def test_restricting_contact_needs_a_reason_and_a_day_to_look_at_it_again(book: Casebook, pat: int) -> None:
    today = book.now.date()
    for reason, review in (("", date(2026, 9, 1)), ("forty mails a day", today)):
        with pytest.raises(ImpossibleMove):
            book.make(restrict_contact, pat, "letters alone", reason=reason, review_on=review)
    book.make(restrict_contact, pat, "letters alone", reason="forty mails a day", review_on=date(2026, 9, 1))
    with open_session(book.engine) as session:
        assert find_person(session, pat).restriction_review_on == date(2026, 9, 1)
    book.make(lift_restriction, pat)
    with open_session(book.engine) as session:
        assert find_person(session, pat).restriction == ""


def test_repeat_contact_counts_the_cases_of_a_year(book: Casebook, pat: int) -> None:
    book.open_one(book.now - timedelta(days=364))
    book.open_one(book.now - timedelta(days=366))
    with open_session(book.engine) as session:
        assert cases_within_a_year(session, pat, book.now) == 2


def test_two_people_who_are_one_are_joined(book: Casebook, pat: int, another: int) -> None:
    book.make(add_phone, another, "01926 111111")
    book.make(join_people, pat, another)
    case_id = book.confirmed()
    assert person_of(book, case_id) == another
    with open_session(book.engine) as session:
        assert find_person(session, pat).id == another
        assert emails_of(session, another) == ["pat@home.example"]
        assert find_person(session, pat).name == "P. Smith"
    with pytest.raises(ImpossibleMove, match="one person already"):
        book.make(join_people, pat, another)
