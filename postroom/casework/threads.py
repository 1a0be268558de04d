"""Which case a message is on, as officers decide: moved to another case or to a new one, read, and cases merged.

Nothing here moves a clock or sends a letter. Each function writes an event on every case that it changes.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from postroom.casework.deadlines import cancel_deadlines
from postroom.casework.history import record
from postroom.casework.joining import tie
from postroom.casework.opening import add_message, open_case
from postroom.casework.papers import Papers
from postroom.casework.reading import find_case, first_message, officer, surviving_case
from postroom.models.case import Case, CaseStatus, LinkKind
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.message import Message
from postroom.models.settings import Settings

BY_OFFICER = "an officer's decision"


def move_message(
    session: Session, message_id: int, case_id: int, to_case_id: int, *, officer_id: int, now: datetime
) -> Case:
    """Move a further message from one case to another; returns where it is now. Raises `ImpossibleMove`, `NotFound`."""
    message = _further_message(session, message_id, case_id)
    target = surviving_case(session, to_case_id)
    if target.id is None or target.id == case_id:
        raise ImpossibleMove("The message is on that case already.")
    _take_away(session, message, case_id, target.reference, officer_id, now)
    add_message(session, target.id, message, rule=BY_OFFICER, now=now, actor=officer(officer_id))
    return target


def move_to_new_case(
    session: Session, message_id: int, case_id: int, *, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """Open a case of its own for a further message, linked with the first; it awaits confirmation."""
    message = _further_message(session, message_id, case_id)
    if message.machine != "none":
        raise ImpossibleMove("A machine sent this message; it opens no case.")
    opened = open_case(session, message, settings=settings, now=now, actor=officer(officer_id))
    message.to_read = False
    _take_away(session, message, case_id, opened.reference, officer_id, now)
    tie(session, opened, find_case(session, case_id), LinkKind.SPLIT_FROM, officer_id=officer_id, now=now)
    return opened


def mark_read(session: Session, case_id: int, *, officer_id: int, now: datetime) -> Case:
    """An officer has read what came to a confirmed case. Raises `ImpossibleMove` where nothing is to be read."""
    case = find_case(session, case_id)
    unread = select(Message).where(Message.case_id == case_id, col(Message.to_read).is_(True)).with_for_update()
    messages = list(session.exec(unread))
    if not messages:
        raise ImpossibleMove("Every message on this case is read already.")
    for message in messages:
        message.to_read = False
        session.add(message)
    record(
        session,
        case,
        kind="messages read",
        summary="Read the new message" if len(messages) == 1 else f"Read {len(messages)} new messages",
        actor=officer(officer_id),
        now=now,
        after={"messages": sorted(message.id or 0 for message in messages)},
    )
    return case


def merge(session: Session, case_id: int, into_id: int, *, officer_id: int, now: datetime) -> Case:
    """Close a case as part of another, confirmed one; returns that one. Both stay, and both are counted. Its messages
    stay on it; what comes for it later goes to the other. Raises `ImpossibleMove`, `NotFound`."""
    case, into = find_case(session, case_id), surviving_case(session, into_id)
    _check_merge(case, into)
    before = {"status": case.status, "team": case.team, "sealed": case.sealed}
    if case.status == CaseStatus.AWAITING:
        case.team, case.sealed = into.team, into.sealed
    case.merged_into_id = into.id
    if case.status != CaseStatus.CLOSED:
        case.status, case.closed_at = CaseStatus.CLOSED, now
        cancel_deadlines(Papers(session, case))
    session.add(case)
    actor = officer(officer_id)
    record(
        session,
        case,
        kind="merged",
        summary=f"Closed: merged into {into.reference}",
        actor=actor,
        now=now,
        before=before,
        after={"status": case.status, "team": case.team, "sealed": case.sealed, "merged_into": into.id},
    )
    record(
        session,
        into,
        kind="merged with",
        summary=f"{case.reference} is part of this case now",
        actor=actor,
        now=now,
        after={"merged": case.id},
    )
    return into


def _check_merge(case: Case, into: Case) -> None:
    if case.merged_into_id is not None:
        raise ImpossibleMove(f"{case.reference} was merged already.")
    if case.id == into.id:
        raise ImpossibleMove("A case can't be merged with itself.")
    if into.status == CaseStatus.AWAITING:
        raise ImpossibleMove(f"Confirm {into.reference} first.")
    if case.restricted or into.restricted:
        raise ImpossibleMove("One of the two cases is restricted. Lift the restriction first.")
    if case.status != CaseStatus.AWAITING and case.sealed != into.sealed:
        raise ImpossibleMove("One of the two cases is sealed and the other is not.")


def _further_message(session: Session, message_id: int, case_id: int) -> Message:
    """A message on the case that did not open it."""
    message = session.get(Message, message_id, populate_existing=True, with_for_update=True)
    if message is None or message.case_id != case_id:
        raise NotFound("There is no such message on this case.")
    if first_message(session, find_case(session, case_id)).id == message_id:
        raise ImpossibleMove("This message opened the case. Merge the case with the other one instead.")
    return message


def _take_away(session: Session, message: Message, case_id: int, to: str, officer_id: int, now: datetime) -> None:
    record(
        session,
        find_case(session, case_id),
        kind="message moved",
        summary=f"A message was moved to {to}",
        actor=officer(officer_id),
        now=now,
        before={"message": message.id},
    )
