"""What officers decide about held messages: each decision takes one out of the holding pen, and says whose it is.

A decision that puts a message on a case is an event of that case; who took any other stands in the message's filing.
"""

from datetime import datetime

from sqlalchemy import Engine, delete
from sqlmodel import Session, col, select

from postroom.casework.opening import add_message, open_case
from postroom.casework.reading import officer
from postroom.casework.threads import BY_OFFICER
from postroom.intake.filing import end, load
from postroom.intake.machine_mail import Machine
from postroom.intake.storing import said, store, stored_before
from postroom.intake.understanding import Understood, understand
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.message import SPAM, Attachment, AttachmentCheck, Message, Suggestion
from postroom.models.raw_message import Filing, FilingState, HeldBecause
from postroom.models.settings import Settings


def file_as_new(engine: Engine, raw_message_id: int, *, settings: Settings, officer_id: int, now: datetime) -> Case:
    """Open a new case for a held message. Raises `ImpossibleMove` where it is not held any more."""
    understood = _understood(engine, raw_message_id, settings)
    with open_session(engine) as session:
        filing, message = _held_message(session, raw_message_id, understood)
        case = open_case(session, message, settings=settings, now=now, actor=officer(officer_id))
        _decide(session, filing, FilingState.ON_CASE, officer_id, now)
        session.commit()
        return case


def attach_to_case(
    engine: Engine, raw_message_id: int, case_reference: str, *, settings: Settings, officer_id: int, now: datetime
) -> None:
    """Put a held message on a case. Raises `NotFound` for an unknown reference, `ImpossibleMove` where the message is
    not held any more."""
    understood = _understood(engine, raw_message_id, settings)
    with open_session(engine) as session:
        case_id = session.exec(select(Case.id).where(Case.reference == case_reference.strip().upper())).first()
        if case_id is None:
            raise NotFound(f"There is no case {case_reference.strip()}.")
        filing, message = _held_message(session, raw_message_id, understood)
        add_message(session, case_id, message, rule=BY_OFFICER, now=now, actor=officer(officer_id))
        _decide(session, filing, FilingState.ON_CASE, officer_id, now)
        session.commit()


def mark_as_machine(engine: Engine, raw_message_id: int, *, officer_id: int, now: datetime) -> None:
    """Say that a machine sent a held message: it is kept, and nobody answers it. Raises `ImpossibleMove` where it is
    not held any more."""
    _set_aside(engine, raw_message_id, Machine.BULK, "An officer marked it as machine mail.", officer_id, now)


def mark_as_spam(engine: Engine, raw_message_id: int, *, officer_id: int, now: datetime) -> None:
    """Say that a held message is spam: it is kept with the machine mail. Raises `ImpossibleMove` where it is not held
    any more."""
    _set_aside(engine, raw_message_id, SPAM, "An officer marked it as spam.", officer_id, now)


def release(engine: Engine, raw_message_id: int, *, officer_id: int, now: datetime) -> None:
    """Let the filing worker try a held message again, from its bytes: a limit was raised since, say, or an address
    added to a case. One of which only a part is here stays, and its mailbox is asked for all of it.

    Raises `ImpossibleMove` where it is not held any more.
    """
    with open_session(engine) as session:
        filing = _held(session, raw_message_id)
        filing.attempts, filing.not_before, filing.decided_by = 0, now, officer_id
        if filing.held_because == HeldBecause.INCOMPLETE:
            filing.reason = "An officer asked for all of it, which the mailbox's next poll fetches."
        else:
            _forget(session, _message_of(session, raw_message_id))
            filing.state, filing.ended_at, filing.reason = FilingState.WAITING, None, "An officer released it."
            filing.held_because, filing.proposed_case_id = "", None
        session.add(filing)
        session.commit()


def _set_aside(engine: Engine, raw_message_id: int, machine: str, reason: str, officer_id: int, now: datetime) -> None:
    with open_session(engine) as session:
        filing = _held(session, raw_message_id)
        message = _message_of(session, raw_message_id)
        if message is not None:
            message.machine, message.may_answer, message.why_not = machine, False, reason
            session.add(message)
        _decide(session, filing, FilingState.MACHINE, officer_id, now, reason)
        session.commit()


def _held(session: Session, raw_message_id: int) -> Filing:
    """The filing of a held message, locked."""
    filing = session.get(Filing, raw_message_id, with_for_update=True)
    if filing is None or filing.state != FilingState.HELD:
        raise ImpossibleMove("This message is not in the holding pen any more.")
    return filing


def _message_of(session: Session, raw_message_id: int) -> Message | None:
    return session.exec(select(Message).where(Message.raw_message_id == raw_message_id)).first()


def _understood(engine: Engine, raw_message_id: int, settings: Settings) -> Understood | None:
    """What a message says that was held before it was understood; None for any other."""
    with open_session(engine, read_only=True) as session:
        if _message_of(session, raw_message_id) is not None:
            return None
    return understand(load(engine, raw_message_id), settings)


def _held_message(session: Session, raw_message_id: int, understood: Understood | None) -> tuple[Filing, Message]:
    """A held message and its filing; one that was held before it was understood is stored now."""
    filing = _held(session, raw_message_id)
    message = _message_of(session, raw_message_id)
    if message is not None:
        return filing, message
    if understood is None:
        raise ImpossibleMove("Somebody else decided about this message just now. Look at it again.")
    original = stored_before(session, [understood]).get(said(understood.parsed))
    if original is not None:
        raise ImpossibleMove(f"This message says the same as number {original}, which came in before.")
    return filing, store(session, [understood])[0]


def _decide(
    session: Session, filing: Filing, state: FilingState, officer_id: int, now: datetime, reason: str = ""
) -> None:
    filing.decided_by = officer_id
    end(session, filing, state, now, reason)


def _forget(session: Session, message: Message | None) -> None:
    """Take back what was understood of a held message; its bytes stay in the journal."""
    if message is None:
        return
    for table in (AttachmentCheck, Attachment, Suggestion):
        session.connection().execute(delete(table).where(col(table.message_id) == message.id))
    session.delete(message)
