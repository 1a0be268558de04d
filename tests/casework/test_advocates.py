"""An advocate has copies of a person's letters only while that person's agreement is on record."""

import pytest

from postroom.casework.advocates import advocate_of, end_advocate, name_advocate
from postroom.casework.people import Details, add_person, change_person, join_people, name_person
from postroom.models.case import EventWords
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from tests.casework.casebook import Casebook


def add(book: Casebook, name: str, role: str = "advocate", email: str = "") -> int:
    person = book.make(add_person, Details(name, role), email=email or f"{name.lower()}@voice.example")
    return int(person.id)


def who(book: Casebook, case_id: int) -> str:
    with open_session(book.engine, read_only=True) as session:
        advocate = advocate_of(session, book.case(case_id))
        return advocate.name if advocate else ""


@pytest.fixture
def case_id(book: Casebook) -> int:
    return book.confirmed()


@pytest.fixture
def mina(book: Casebook) -> int:
    return add(book, "Mina")


def test_nobody_is_an_advocate_before_the_persons_agreement_is_on_record(
    book: Casebook, case_id: int, mina: int
) -> None:
    with pytest.raises(ImpossibleMove, match="how it is known"):
        book.make(name_advocate, case_id, mina, evidence=" ")
    assert who(book, case_id) == ""
    book.make(name_advocate, case_id, mina, evidence="a signed form of 2 March")
    assert who(book, case_id) == "Mina"
    event = book.last_event(case_id)
    assert (event.after["advocate"], event.after["person"]) == (mina, book.case(case_id).person_id)
    assert [row.words for row in book.rows(EventWords, case_id)][-1:] == ["a signed form of 2 March"]
    assert book.broken() == []


def test_the_agreement_ends_with_a_reason(book: Casebook, case_id: int, mina: int) -> None:
    book.make(name_advocate, case_id, mina, evidence="a signed form")
    with pytest.raises(ImpossibleMove, match="Say why"):
        book.make(end_advocate, case_id, reason="")
    book.make(end_advocate, case_id, reason="they took it back by telephone")
    assert who(book, case_id) == ""
    with pytest.raises(ImpossibleMove, match="No advocate"):
        book.make(end_advocate, case_id, reason="again")


def test_another_advocate_takes_the_place_of_the_first(book: Casebook, case_id: int, mina: int) -> None:
    for advocate in (mina, add(book, "Noor")):
        book.make(name_advocate, case_id, advocate, evidence="a signed form")
    assert who(book, case_id) == "Noor"


def test_the_agreement_is_of_the_person_who_gave_it(book: Casebook, case_id: int, mina: int) -> None:
    book.make(name_advocate, case_id, mina, evidence="a signed form")
    person_id = book.case(case_id).person_id
    same = add(book, "Patricia", "young_person")
    book.make(join_people, person_id, same)
    assert who(book, case_id) == "Mina"
    book.make(name_person, case_id, add(book, "Sam", "young_person"))
    assert who(book, case_id) == ""


def test_whoever_is_no_advocate_any_more_has_no_more_copies(book: Casebook, case_id: int, mina: int) -> None:
    book.make(name_advocate, case_id, mina, evidence="a signed form")
    book.make(change_person, mina, Details("Mina", "carer"))
    assert who(book, case_id) == ""


@pytest.mark.parametrize(("role", "email"), [("carer", "x@voice.example"), ("advocate", "")])
def test_only_an_advocate_whom_letters_reach_can_be_named(book: Casebook, case_id: int, role: str, email: str) -> None:
    person = book.make(add_person, Details("Mina", role), email=email)
    with pytest.raises(ImpossibleMove):
        book.make(name_advocate, case_id, person.id, evidence="a signed form")


def test_nobody_is_their_own_advocate(book: Casebook, case_id: int) -> None:
    person_id = book.case(case_id).person_id
    book.make(change_person, person_id, Details("Pat", "advocate"))
    with pytest.raises(ImpossibleMove, match="own advocate"):
        book.make(name_advocate, case_id, person_id, evidence="a signed form")
