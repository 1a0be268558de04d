from datetime import timedelta

import pytest
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.notes import mentions_of, notes_of
from postroom.models.case import EventWords
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import TeamMember
from tests.casework.casebook import CHILDREN, Casebook


def mentions(book: Casebook, officer_id: int) -> list[tuple[int, int]]:
    with open_session(book.engine, read_only=True) as session:
        return [(each.case_id, each.number) for each in mentions_of(session, officer_id)]


def test_a_note_stands_on_its_case_in_any_state_and_its_words_beside_the_chain(book: Casebook) -> None:
    waiting, closed = book.open_one().id or 0, book.confirmed()
    book.make(cases.withdraw, closed, reason="they rang")
    for case_id in (waiting, closed):
        book.make(cases.add_note, case_id, " Pat rang again. ", by=book.carol)
        with open_session(book.engine, read_only=True) as session:
            (note,) = notes_of(session, cases.find_case(session, case_id))
        assert (note.text, note.actor, note.at) == ("Pat rang again.", f"officer:{book.carol}", book.now)
        assert "Pat" not in str(book.last_event(case_id).model_dump())
    assert book.broken() == []


def test_a_changed_note_is_found(book: Casebook) -> None:
    case_id = book.open_one().id or 0
    book.make(cases.add_note, case_id, "Pat rang.")
    with open_session(book.engine) as session:
        words = session.exec(select(EventWords)).one()
        words.words = "Nobody rang."
        session.add(words)
        session.commit()
    assert "the words of event 2 (note) were changed" in book.broken()[0]


def test_who_is_named_has_it_before_them_until_they_have_seen_it(book: Casebook) -> None:
    first, second = book.confirmed(), book.confirmed()
    book.make(cases.add_note, first, "@bob, is this yours?", mentions=[book.bob, book.bob])
    book.make(cases.add_note, second, "@bob and @carol", mentions=[book.bob, book.carol], when=book.now + timedelta(1))
    assert mentions(book, book.bob) == [(second, 3), (first, 3)]
    assert book.make(cases.see_mentions, second, by=book.bob) == 1
    assert mentions(book, book.bob) == [(first, 3)]
    assert mentions(book, book.carol) == [(second, 3)]
    assert book.make(cases.see_mentions, second, by=book.bob) == 0


def test_a_blank_note_and_one_for_nobody_who_works_here_are_refused(book: Casebook) -> None:
    case_id = book.confirmed()
    with pytest.raises(ImpossibleMove, match="Write the note"):
        book.make(cases.add_note, case_id, "  ")
    with pytest.raises(ImpossibleMove, match="Name officers who work here"):
        book.make(cases.add_note, case_id, "@nobody", mentions=[99])


def test_a_sealed_case_calls_in_nobody_outside_its_team(book: Casebook) -> None:
    case_id = book.confirmed(CHILDREN)
    with pytest.raises(ImpossibleMove, match="is sealed, and bob is not in its team"):
        book.make(cases.add_note, case_id, "@bob", mentions=[book.bob])
    with open_session(book.engine) as session:
        session.add(TeamMember(officer_id=book.bob, team=CHILDREN.team))
        session.commit()
    book.make(cases.add_note, case_id, "@bob", mentions=[book.bob])
    assert mentions(book, book.bob) == [(case_id, 3)]
