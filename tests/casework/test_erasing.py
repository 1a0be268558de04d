"""What data protection asks for: a person's words go from everywhere, and the history holds together."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from postroom.casework import cases
from postroom.casework.erasing import erase_person
from postroom.casework.people import add_phone, emails_of, find_person
from postroom.casework.reading import first_message
from postroom.models import tables
from postroom.models.case import Decision
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.following import FollowCode
from postroom.models.message import Attachment, Message, Suggestion
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.triage.confirmed import confirmed_messages, count_confirmed
from tests.casework.casebook import CLOSING, Casebook

WORDS = "Pat Smith, 1 Mill Lane"


@pytest.fixture
def case_id(book: Casebook) -> int:
    """A closed case that Pat's words are all over."""
    case_id = book.confirmed()
    point = book.make(cases.add_element, case_id, WORDS)
    book.make(cases.answer_element, case_id, point.id, outcome="upheld", answer=WORDS)
    book.make(cases.add_note, case_id, WORDS)
    book.make(cases.want_consent, case_id, whose=WORDS)
    book.make(cases.receive_consent, case_id, evidence=WORDS, at=book.now)
    book.make(cases.extend, case_id, "respond", days=1, reason=WORDS, told=WORDS)
    book.make(cases.respond, case_id, how=WORDS)
    book.make(cases.refuse_stage, case_id, requested_at=book.now, reason=WORDS)
    book.make(cases.refer_to_ombudsman, case_id, referred_on=book.now.date(), reference=WORDS)
    book.make(cases.add_payment, case_id, "compensation", 100, what_for=WORDS)
    book.make(cases.close, case_id, CLOSING, reason=WORDS, actor="officer:1")
    with open_session(book.engine) as session:
        message = first_message(session, cases.find_case(session, case_id))
        message.text = message.new_text = message.subject = WORDS
        assert message.id is not None
        session.add_all([message, *_beside(message.id, case_id, book)])
        session.commit()
    return case_id


def _beside(message_id: int, case_id: int, book: Casebook) -> list[Any]:
    return [
        Attachment(message_id=message_id, position=0, name=WORDS, content_type="text/plain", size=1, digest=""),
        Suggestion(message_id=message_id, model="m", created_at=book.now, evidence=[{"text": WORDS}]),
        FollowCode(case_id=case_id, address="pat@home.example", code_digest="", made_at=book.now),
        OutgoingMail(
            once="letter",
            kind="letter",
            case_id=case_id,
            message_id="<letter>",
            envelope_sender="",
            recipient="pat@home.example",
            subject=WORDS,
            content=WORDS.encode(),
            created_at=book.now,
            not_before=book.now,
        ),
    ]


def everything(session: Session) -> str:
    """All that the database holds, but for the officers."""
    found = []
    for table in tables.metadata.sorted_tables:
        if table.name != "officer":
            found += [str(tuple(row)) for row in session.connection().execute(table.select())]
    return "\n".join(found)


def test_nothing_in_the_database_says_who_it_was_and_the_history_holds_together(book: Casebook, case_id: int) -> None:
    person_id = book.case(case_id).person_id or 0
    events = len(book.broken()) + book.case(case_id).version
    with open_session(book.engine) as session:
        assert WORDS in everything(session)
    book.make(erase_person, person_id)
    assert book.broken() == []
    assert book.case(case_id).version == events + 1
    with open_session(book.engine) as session:
        left = everything(session)
        assert find_person(session, person_id).erased_at == book.now
        assert emails_of(session, person_id) == []
        assert first_message(session, cases.find_case(session, case_id)).may_answer is False
    for words in (WORDS, "Pat", "home.example"):
        assert words not in left
    with pytest.raises(ImpossibleMove, match="erased"):
        book.make(add_phone, person_id, "01926 000000")


def test_their_messages_teach_no_more_and_the_decision_still_counts(book: Casebook, case_id: int) -> None:
    def taught() -> tuple[int, int, int]:
        with open_session(book.engine, read_only=True) as session:
            decisions = len(session.exec(select(Decision)).all())
            return len(confirmed_messages(session)), count_confirmed(session), decisions

    assert taught() == (1, 1, 1)
    book.make(erase_person, book.case(case_id).person_id)
    assert taught() == (0, 0, 1)


def test_a_case_that_is_not_closed_stands_in_the_way_also_somebody_elses(
    book: Casebook, case_id: int, new_message: Callable[..., Message]
) -> None:
    person_id = book.case(case_id).person_id or 0
    other, theirs = new_message(sender="sam@home.example"), new_message()
    with open_session(book.engine) as session:
        session.add_all([other, theirs])
        case = cases.open_case(session, other, settings=book.settings, now=book.now)
        cases.add_message(session, case.id or 0, theirs, rule="References", now=book.now)
        session.commit()
        other_id, reference = case.id or 0, case.reference
    with pytest.raises(ImpossibleMove, match=f"Close {reference} first"):
        book.make(erase_person, person_id)
    book.make(cases.confirm, other_id, cases.Labels("comment", "waste"))
    book.make(cases.close, other_id, reason="noted", actor="officer:1")
    book.make(erase_person, person_id)
    with open_session(book.engine, read_only=True) as session:
        query = select(Message.sender_email).where(Message.case_id == other_id).order_by(col(Message.id))
        assert list(session.exec(query)) == ["sam@home.example", ""]
        assert cases.find_case(session, other_id).subject == "The bus"
    assert book.broken() == []


def test_what_is_held_and_copies_of_it_lose_their_bytes(book: Casebook, case_id: int) -> None:
    with open_session(book.engine) as session:
        first = first_message(session, cases.find_case(session, case_id)).raw_message_id
        for number, (state, of) in enumerate([(FilingState.HELD, None), (FilingState.DUPLICATE, first)]):
            raw = RawMessage(
                source="smtp",
                position=f"more {number}",
                channel="email",
                received_at=book.now,
                envelope_sender="pat@home.example",
                client_address="192.0.2.1",
                digest="",
                size=1,
                content=b"Pat",
            )
            session.add(raw)
            session.flush()
            session.add(
                Filing(raw_message_id=raw.id, state=state, duplicate_of_id=of, not_before=book.now, reason="from Pat")
            )
        session.commit()
    book.make(erase_person, book.case(case_id).person_id)
    with open_session(book.engine, read_only=True) as session:
        raws = session.exec(select(RawMessage)).all()
        assert {(raw.content, raw.envelope_sender, raw.client_address) for raw in raws} == {(b"", "", None)}
        assert {filing.reason for filing in session.exec(select(Filing))} == {"its personal data were erased"}
