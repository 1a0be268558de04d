"""What must be true after a storm: each accepted message is there once, on one case, with one letter, and no other."""

from collections import Counter
from collections.abc import Iterable, Iterator

from sqlmodel import Session, col, select

from postroom.casework.history import broken_histories
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.raw_message import Filing, FilingState, RawMessage
from tests.servers.smtp_sink import Received
from tests.violence.storm import Storm


def damage(storm: Storm, delivered: Iterable[Received]) -> list[str]:
    """One line for each thing that is lost, double, or should not be there."""
    with open_session(storm.council.engine, read_only=True) as session:
        return [
            *_journal(storm, session),
            *_messages(storm, session),
            *_cases(storm, session),
            *_letters(storm, session, delivered),
            *broken_histories(session),
        ]


def _differences(what: str, found: Iterable[str], expected: Iterable[str]) -> Iterator[str]:
    """Both ways, and with how often each is there."""
    there, wanted = Counter(found), Counter(expected)
    for name, times in (wanted - there).items():
        yield f"{what}: {name} is missing ({times})"
    for name, times in (there - wanted).items():
        yield f"{what}: {name} is there {times} times too often"


def _journal(storm: Storm, session: Session) -> Iterator[str]:
    """Whatever was answered 250 is in the journal, byte for byte, and every message has ended."""
    stored = Counter(bytes(content) for content in session.exec(select(RawMessage.content)))
    for mail in storm.mails:
        if stored[mail.content] < storm.accepted[mail.number]:
            yield f"journal: number {mail.number} was answered 250 and is not there"
    known = {mail.content for mail in storm.mails}
    yield from (f"journal: {content[:80]!r} was never sent" for content in stored if content not in known)
    states = Counter(session.exec(select(Filing.state)))
    automatic = sum(mail.automatic for mail in storm.mails)
    ends = {FilingState.ON_CASE: len(storm.mails) - automatic, FilingState.MACHINE: automatic}
    for state, number in ends.items():
        if states[state] != number:
            yield f"filing: {states[state]} are {state}, expected {number}"
    yield from (
        f"filing: {number} are {state}"
        for state, number in states.items()
        if state not in {*ends, FilingState.DUPLICATE}
    )


def _messages(storm: Storm, session: Session) -> Iterator[str]:
    yield from _differences("message", session.exec(select(Message.subject)), (mail.subject for mail in storm.mails))
    on_none = set(session.exec(select(Message.subject).where(col(Message.case_id).is_(None))))
    yield from _differences("on no case", on_none, (mail.subject for mail in storm.mails if mail.automatic))


def _cases(storm: Storm, session: Session) -> Iterator[str]:
    on_cases = session.exec(select(Case.subject, Message.subject).join(Message, col(Message.case_id) == Case.id)).all()
    yield from (f"case {case} has the message {message}" for case, message in on_cases if case != message)
    wanted = [mail.subject for mail in storm.mails if not mail.automatic]
    yield from _differences("case", session.exec(select(Case.subject)), wanted)
    unanswered = session.exec(select(Case.subject).where(col(Case.acknowledged_at).is_(None)))
    yield from (f"case {subject} was not acknowledged" for subject in unanswered)


def _letters(storm: Storm, session: Session, delivered: Iterable[Received]) -> Iterator[str]:
    """A letter may be handed over twice where a worker died between the two, but then it is the same, and is known as
    such by its Message-ID (RFC 5322 3.6.4)."""
    written = session.exec(select(OutgoingMail.recipient, OutgoingMail.message_id)).all()
    wanted = [mail.sender for mail in storm.mails if not mail.automatic]
    yield from _differences("letter", (recipient for recipient, _ in written), wanted)
    arrived = {(mail.recipient, str(mail.message["Message-ID"])) for mail in delivered}
    yield from _differences("delivered", (str(letter) for letter in arrived), (str(tuple(row)) for row in written))
