"""What an officer takes back: a confirmation made by mistake, and what was set aside as no feedback.

Taking back is possible while nothing came of it: afterwards a case is corrected, as everybody may see it was.
"""

from datetime import datetime

from sqlmodel import Session, col, delete, select

from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.reading import check_move, find_case, first_message, officer
from postroom.models.case import Case, CaseStatus, Deadline, Decision, Event
from postroom.models.failures import ImpossibleMove
from postroom.models.message import SPAM, Message, Suggestion
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage

NOT_FEEDBACK = {
    "spam": ("Spam", SPAM),
    "machine": ("Sent by a machine", "bulk"),
    "test": ("A test", ""),
    "mistake": ("Sent to us by mistake", ""),
    "internal": ("Between officers", ""),
}
"""Why a message may be no feedback: in words, and what its sender is marked as where that says more than nothing."""

_SET_ASIDE = "set aside"
_CONFIRMED = "confirmed"


def set_aside(session: Session, case_id: int, why: str, *, officer_id: int, settings: Settings, now: datetime) -> Case:
    """Close what awaits confirmation because it is no feedback. It is kept, nobody is answered, and it counts nowhere.
    `why` is a key of `NOT_FEEDBACK`."""
    case = find_case(session, case_id)
    check_move(session, case, Move.SET_ASIDE, settings=settings)
    if why not in NOT_FEEDBACK:
        raise ImpossibleMove("Choose why it is no feedback.")
    words, machine = NOT_FEEDBACK[why]
    opening = first_message(session, case)
    before = _sender_of(opening)
    if machine:
        opening.machine, opening.may_answer, opening.why_not = machine, False, "An officer said that it is no feedback."
    case.status, case.closed_at = CaseStatus.CLOSED, now
    case.team = _suggested_team(session, opening)  # so that those see it who saw it before, and no others
    case.sealed = case.sealed_by_hand or settings.is_sealed(case.team)
    session.add_all([case, opening])
    record(
        session,
        case,
        kind=_SET_ASIDE,
        summary=f"Set aside as no feedback: {words.lower()}",
        actor=officer(officer_id),
        now=now,
        before={"status": CaseStatus.AWAITING, **before},
        after={"status": CaseStatus.CLOSED, "why": why},
    )
    return case


def take_back(session: Session, case_id: int, *, officer_id: int, now: datetime) -> Case:
    """Take back what the same officer did last: the case awaits confirmation again, as it did before. Raises
    `ImpossibleMove` where it was something else, somebody else, or a letter about it may be out."""
    case = find_case(session, case_id)
    last = _last_by_officer(session, case)
    if last is None or last.actor != officer(officer_id) or last.kind not in (_CONFIRMED, _SET_ASIDE):
        raise ImpossibleMove(f"What was done last about {case.reference} can't be undone. Correct it instead.")
    if last.kind == _CONFIRMED:
        _check_letters(session, case, last)
        _forget_confirmation(session, case)
    else:
        opening = first_message(session, case)
        opening.machine, opening.may_answer = last.before["machine"], last.before["may_answer"]
        opening.why_not = ""
        session.add(opening)
        case.team, case.sealed = "", case.sealed_by_hand
    before = {"status": case.status}
    case.status, case.closed_at = CaseStatus.AWAITING, None
    session.add(case)
    record(
        session,
        case,
        kind="taken back",
        summary=f"Taken back: it is no longer {last.kind}",
        actor=officer(officer_id),
        now=now,
        before=before,
        after={"status": CaseStatus.AWAITING, "event": last.number},
    )
    return case


def _suggested_team(session: Session, message: Message) -> str:
    newest = (col(Suggestion.created_at).desc(), col(Suggestion.id).desc())
    query = select(Suggestion.team).where(Suggestion.message_id == message.id).order_by(*newest)
    return session.exec(query.limit(1)).first() or ""


def _sender_of(message: Message) -> dict[str, str | bool]:
    return {"machine": message.machine, "may_answer": message.may_answer}


def _last_by_officer(session: Session, case: Case) -> Event | None:
    query = select(Event).where(Event.case_id == case.id, col(Event.actor).startswith(officer(0)[:-1]))
    return session.exec(query.order_by(col(Event.number).desc()).limit(1)).first()


def _check_letters(session: Session, case: Case, confirmation: Event) -> None:
    """A letter that waits is withdrawn by delivery, for it is no longer owed; one that is on its way is not."""
    query = select(OutgoingMail.id).where(
        OutgoingMail.case_id == case.id,
        OutgoingMail.created_at >= confirmation.at,
        OutgoingMail.kind == "letter",
        col(OutgoingMail.state).not_in([MailState.WAITING, MailState.WITHDRAWN]),
    )
    if session.exec(query.limit(1)).first() is not None:
        raise ImpossibleMove(f"The letter about {case.reference} is on its way. Correct the case instead.")


def _forget_confirmation(session: Session, case: Case) -> None:
    """The labels, dates and the decision go; the history keeps that they were."""
    for table in (Deadline, CaseStage, Decision):
        session.exec(delete(table).where(col(table.case_id) == case.id))
    case.type = case.initial_type = case.category = case.team = case.exclusion = ""
    case.procedure = case.stage = ""
    case.stage_number, case.at_risk, case.sealed = 0, False, case.sealed_by_hand
    case.officer_id = case.confirmed_at = None
