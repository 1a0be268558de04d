"""A message that seems to hold two matters becomes two cases, or stays one."""

from datetime import timedelta

import pytest

from postroom.casework import cases
from postroom.casework.splitting import keep_as_one, split_matter
from postroom.models.campaign import Settled, TwoMatters
from postroom.models.case import CaseStatus, Event
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.message import Message
from tests.casework.casebook import COMPLAINT, Casebook

LAMP, CARD = "The street light is out.", "Also my library card was refused."
QUOTED = f"{LAMP} {CARD}\n\n> We have your message."


def two_matters(book: Casebook, teams: tuple[str, str] = ("highways", "libraries")) -> int:
    """A case whose message seems to hold two matters; returns its id."""
    case_id = book.open_one(book.now - timedelta(days=3)).id
    assert case_id is not None
    ends = ((0, len(LAMP)), (len(LAMP) + 1, len(LAMP) + 1 + len(CARD)))
    message = book.row(Message, case_id)
    message.text, message.new_text = QUOTED, f"{LAMP} {CARD}"
    parts = [
        {"start": start, "end": end, "type": "service_request", "team": team}
        for (start, end), team in zip(ends, teams, strict=True)
    ]
    with open_session(book.engine) as session:
        session.add(message)
        session.add(TwoMatters(message_id=message.id, made_at=book.now, model="m", because="added", parts=parts))
        session.commit()
    return case_id


def settled(book: Casebook, case_id: int) -> str:
    with open_session(book.engine) as session:
        return session.get_one(TwoMatters, book.row(Message, case_id).id).settled


@pytest.mark.parametrize(("part", "words"), [(1, LAMP), (2, CARD)])
def test_a_part_becomes_a_case_that_was_received_with_the_first(book: Casebook, part: int, words: str) -> None:
    case_id = two_matters(book)
    opened = book.make(split_matter, case_id, part)
    message = book.row(Message, opened.id)
    assert (message.new_text, message.text) == (words, QUOTED)
    assert (opened.status, opened.received_at) == (CaseStatus.AWAITING, book.case(case_id).received_at)
    assert opened.person_id == book.case(case_id).person_id is not None
    assert book.row(Message, case_id).new_text == f"{LAMP} {CARD}", "the first keeps all of it"
    assert settled(book, case_id) == Settled.SPLIT


def test_both_cases_tell_of_it(book: Casebook) -> None:
    case_id = two_matters(book)
    opened = book.make(split_matter, case_id, 2)
    first = [event.summary for event in book.rows(Event, case_id)]
    second = [event.summary for event in book.rows(Event, opened.id)]
    assert f"Part of the message became {opened.reference}" in first
    assert f"Split from {book.case(case_id).reference}" in second
    assert book.broken() == []


def test_beside_a_sealed_service_the_new_case_holds_its_own_part_alone(book: Casebook) -> None:
    case_id = two_matters(book, ("childrens-rugby", "libraries"))
    opened = book.make(split_matter, case_id, 2)
    assert book.row(Message, opened.id).text == CARD


def test_kept_as_one_it_stays_one(book: Casebook) -> None:
    case_id = two_matters(book)
    book.make(keep_as_one, case_id)
    assert settled(book, case_id) == Settled.ONE_MATTER
    assert book.last_event(case_id).kind == "kept as one"
    with pytest.raises(ImpossibleMove, match="settled already"):
        book.make(split_matter, case_id, 2)


def test_what_is_split_is_not_split_again(book: Casebook) -> None:
    case_id = two_matters(book)
    book.make(split_matter, case_id, 2)
    for move in (lambda: book.make(split_matter, case_id, 1), lambda: book.make(keep_as_one, case_id)):
        with pytest.raises(ImpossibleMove, match="settled already"):
            move()


def test_where_nothing_was_proposed_nothing_is_split(book: Casebook) -> None:
    case_id = book.open_one().id
    with pytest.raises(NotFound):
        book.make(split_matter, case_id, 2)


def test_a_confirmed_case_is_not_split(book: Casebook) -> None:
    case_id = two_matters(book)
    book.make(cases.confirm, case_id, COMPLAINT)
    with pytest.raises(ImpossibleMove):
        book.make(split_matter, case_id, 2)


def test_there_is_no_third_part(book: Casebook) -> None:
    with pytest.raises(ImpossibleMove, match="Choose which part"):
        book.make(split_matter, two_matters(book), 3)
