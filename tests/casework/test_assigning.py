from dataclasses import replace

import pytest

from postroom.casework import cases
from postroom.models.case import Event
from postroom.models.failures import ImpossibleMove
from tests.casework.casebook import CHILDREN, COMPLAINT, Casebook


def test_a_case_is_given_to_an_officer_and_back_to_the_team(book: Casebook) -> None:
    case_id = book.confirmed()
    book.make(cases.assign, case_id, book.alice, by=book.bob)
    assert book.case(case_id).officer_id == book.alice
    book.make(cases.assign, case_id, None)
    assert book.case(case_id).officer_id is None
    assert [event.kind for event in book.rows(Event, case_id)][-2:] == ["assigned", "assigned"]
    assert book.broken() == []


def test_a_case_given_to_another_team_is_nobodys_there(book: Casebook) -> None:
    case_id = book.confirmed()
    book.make(cases.assign, case_id, book.alice)
    book.make(cases.reassign, case_id, "waste", reason="theirs")
    assert book.case(case_id).officer_id is None
    book.make(cases.assign, case_id, book.alice)
    book.make(cases.confirm, case_id, replace(COMPLAINT, team="libraries"))
    assert book.case(case_id).officer_id is None


def test_a_correction_within_the_team_leaves_the_case_with_its_officer(book: Casebook) -> None:
    case_id = book.confirmed(replace(COMPLAINT, team="waste"))
    book.make(cases.assign, case_id, book.alice)
    book.make(cases.confirm, case_id, replace(COMPLAINT, team="waste", at_risk=True))
    assert book.case(case_id).officer_id == book.alice


def test_a_sealed_case_goes_to_its_team_alone(book: Casebook) -> None:
    case_id = book.confirmed(CHILDREN)
    with pytest.raises(ImpossibleMove, match="is not in the team"):
        book.make(cases.assign, case_id, book.alice)


def test_nobody_is_given_a_case_twice_or_to_an_officer_who_left(book: Casebook) -> None:
    case_id = book.confirmed()
    book.make(cases.assign, case_id, book.alice)
    with pytest.raises(ImpossibleMove, match="already"):
        book.make(cases.assign, case_id, book.alice)
    with pytest.raises(ImpossibleMove, match="works here"):
        book.make(cases.assign, case_id, 999)
