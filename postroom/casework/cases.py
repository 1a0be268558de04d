"""What may happen to a case. The only code that changes one; each change writes its event in the same transaction.

Every function works in the session it is given and leaves the commit to its caller. `actor` is "officer:<id>" or
the name of a worker. A move that the case's state does not allow raises `ImpossibleMove`, fit for an officer to read.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from postroom.casework.history import record
from postroom.casework.labels import Labels, check
from postroom.casework.procedures import Clocks, Due, first_stage, procedure_for, stage_named, steps_due
from postroom.casework.working_days import calendar_of
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState, Decision
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.message import Message, Suggestion, opening_first
from postroom.models.settings import Settings

MACHINE_NONE = "none"


def officer(officer_id: int) -> str:
    """The actor's name of an officer in events."""
    return f"officer:{officer_id}"


def find_case(session: Session, case_id: int) -> Case:
    """The case, read anew. Raises `NotFound`."""
    case = session.get(Case, case_id, populate_existing=True)
    if case is None:
        raise NotFound(f"There is no case {case_id}.")
    return case


def surviving_case(session: Session, case_id: int) -> Case:
    """The case, or the one that it was merged into in the end. Raises `NotFound`."""
    case = find_case(session, case_id)
    while case.merged_into_id is not None:
        case = find_case(session, case.merged_into_id)
    return case


def add_message(
    session: Session, case_id: int, message: Message, *, rule: str, now: datetime, actor: str = "filing"
) -> None:
    """Put `message` (added and flushed) on a case, or on the one that it was merged into. `rule` says why it belongs
    there. It moves no clock and reopens nothing; a person's message to a confirmed case, open or closed, is to be read
    by an officer."""
    case = surviving_case(session, case_id)
    automatic = message.machine != MACHINE_NONE
    message.case_id = case.id
    message.matched_by = rule
    message.to_read = not automatic and case.status != CaseStatus.AWAITING
    session.add(message)
    record(
        session,
        case,
        kind="message added",
        summary=f"{'An automatic message' if automatic else 'A further message'} arrived ({rule})",
        actor=actor,
        now=now,
        after={"message": message.id, "machine": message.machine},
    )


@dataclass(frozen=True)
class Seen:
    """Which suggestion stood beside the form that an officer filled in, and whether they could not see it (blind)."""

    suggestion_id: int | None
    blind: bool = False


def confirm(
    session: Session,
    case_id: int,
    labels: Labels,
    *,
    officer_id: int,
    settings: Settings,
    now: datetime,
    seen: Seen | None = None,
) -> Case:
    """An officer says what a case is: its first message's labels become facts and its deadlines start.

    Confirming again corrects it: the type's history stays, and deadlines follow the new procedure. Without `seen` the
    newest suggestion counts as the one that was seen.
    """
    check(labels, settings)
    case = find_case(session, case_id)
    if case.status == CaseStatus.CLOSED:
        raise ImpossibleMove(f"{case.reference} is closed. Reopen it before you change what it is.")
    before = _labels_of(case)
    first = first_message(session, case)
    _keep_decision(session, case, first, labels, officer_id, now, seen)
    corrected = case.status == CaseStatus.OPEN
    procedure = procedure_for(settings, labels.type, labels.team)
    if procedure != case.procedure:
        case.procedure = procedure
        case.stage = first_stage(settings, procedure).name
    case.type, case.category, case.team = labels.type, labels.category, labels.team
    case.exclusion, case.at_risk = labels.exclusion, labels.at_risk
    case.initial_type = case.initial_type or labels.type
    case.sealed = settings.is_sealed(labels.team)
    case.confirmed_at = case.confirmed_at or now
    case.status = CaseStatus.OPEN
    session.add(case)
    deadlines = _set_deadlines(session, case, settings)
    record(
        session,
        case,
        kind="corrected" if corrected else "confirmed",
        summary=_confirmed_as(labels, corrected, settings),
        actor=officer(officer_id),
        now=now,
        before=before,
        after={**_labels_of(case), "deadlines": deadlines},
    )
    return case


def acknowledge(session: Session, case_id: int, *, settings: Settings, now: datetime, actor: str, how: str) -> Case:
    """The acknowledgement went out (`how`: which letter, or by telephone). Meets the step, and pulls the response
    date forward where its clock starts here."""
    case = find_case(session, case_id)
    if case.status != CaseStatus.OPEN:
        raise ImpossibleMove(f"{case.reference} is {case.status}; only an open case is acknowledged.")
    if case.acknowledged_at is not None:
        raise ImpossibleMove(f"{case.reference} was acknowledged already.")
    case.acknowledged_at = now
    session.add(case)
    _meet(session, case, "acknowledge", now)
    deadlines = _set_deadlines(session, case, settings)
    _record_acknowledged(session, case, actor, how, deadlines, now)
    if not stage_named(settings, case.procedure, case.stage).respond:
        close(session, case_id, reason="nothing more is due", actor=actor, now=now)
    return case


def respond(session: Session, case_id: int, *, officer_id: int, how: str, now: datetime) -> Case:
    """The response was given; `how` says by what letter, call or visit."""
    case = find_case(session, case_id)
    if case.status != CaseStatus.OPEN:
        raise ImpossibleMove(f"{case.reference} is {case.status}; only an open case is responded to.")
    if case.responded_at is not None:
        raise ImpossibleMove(f"{case.reference} was responded to already.")
    if not how.strip():
        raise ImpossibleMove("Say how the response was given, as by letter or by telephone.")
    case.responded_at = now
    session.add(case)
    _meet(session, case, "respond", now)
    record(
        session,
        case,
        kind="responded",
        summary=f"Responded: {how.strip()}",
        actor=officer(officer_id),
        now=now,
        after={"responded_at": now.isoformat()},
    )
    return case


def close(session: Session, case_id: int, *, reason: str, actor: str, now: datetime) -> Case:
    """Close a case. Its open deadlines are cancelled, not met."""
    case = find_case(session, case_id)
    if case.status != CaseStatus.OPEN:
        raise ImpossibleMove(f"{case.reference} is {case.status}; only an open case can be closed.")
    if not reason.strip():
        raise ImpossibleMove("Say why the case is closed.")
    case.status = CaseStatus.CLOSED
    case.closed_at = now
    session.add(case)
    for deadline in open_deadlines(session, case):
        deadline.state = DeadlineState.CANCELLED
        session.add(deadline)
    record(
        session,
        case,
        kind="closed",
        summary=f"Closed: {reason.strip()}",
        actor=actor,
        now=now,
        before={"status": CaseStatus.OPEN},
        after={"status": CaseStatus.CLOSED},
    )
    return case


def reopen(session: Session, case_id: int, *, reason: str, officer_id: int, settings: Settings, now: datetime) -> Case:
    """Open a closed case again; steps not yet done are due by their old dates."""
    case = find_case(session, case_id)
    if case.status != CaseStatus.CLOSED:
        raise ImpossibleMove(f"{case.reference} is {case.status}; only a closed case can be reopened.")
    if case.merged_into_id is not None:
        raise ImpossibleMove(f"{case.reference} is part of another case now. Reopen that one.")
    if not reason.strip():
        raise ImpossibleMove("Say why the case is reopened.")
    case.status = CaseStatus.OPEN
    case.closed_at = None
    session.add(case)
    _set_deadlines(session, case, settings)
    record(
        session,
        case,
        kind="reopened",
        summary=f"Reopened: {reason.strip()}",
        actor=officer(officer_id),
        now=now,
        before={"status": CaseStatus.CLOSED},
        after={"status": CaseStatus.OPEN},
    )
    return case


def first_message(session: Session, case: Case) -> Message:
    """The message that opened the case."""
    query = select(Message).where(Message.case_id == case.id).order_by(*opening_first())
    message = session.exec(query.limit(1)).first()
    if message is None:
        raise NotFound(f"{case.reference} has no message.")
    return message


def open_deadlines(session: Session, case: Case) -> list[Deadline]:
    """The steps of a case still to be done, the most urgent first."""
    query = select(Deadline).where(Deadline.case_id == case.id, Deadline.state == DeadlineState.OPEN)
    return list(session.exec(query.order_by(col(Deadline.due_on))))


def _labels_of(case: Case) -> dict[str, Any]:
    names = ("status", "type", "category", "team", "exclusion", "at_risk", "procedure", "stage")
    return {name: getattr(case, name) for name in names}


def _confirmed_as(labels: Labels, corrected: bool, settings: Settings) -> str:
    category = "" if labels.category == "none" else f", {labels.category}"
    what = f"{labels.type}{category}".replace("_", " ")
    return f"{'Corrected to' if corrected else 'Confirmed as'} {what} for {settings.teams[labels.team].name}"


def _keep_decision(
    session: Session,
    case: Case,
    message: Message,
    labels: Labels,
    officer_id: int,
    now: datetime,
    seen: Seen | None,
) -> None:
    """Keep what was suggested beside what was chosen: training and the accuracy report learn from it."""
    order = (col(Suggestion.created_at).desc(), col(Suggestion.id).desc())
    suggestions = select(Suggestion.id).where(Suggestion.message_id == message.id).order_by(*order)
    if seen is not None:
        suggestions = suggestions.where(Suggestion.id == seen.suggestion_id)
    assert case.id is not None
    assert message.id is not None
    session.add(
        Decision(
            case_id=case.id,
            message_id=message.id,
            suggestion_id=session.exec(suggestions.limit(1)).first(),
            officer_id=officer_id,
            decided_at=now,
            blind=seen is not None and seen.blind,
            **asdict(labels),
        )
    )


def _record_acknowledged(
    session: Session, case: Case, actor: str, how: str, deadlines: dict[str, str], now: datetime
) -> None:
    record(
        session,
        case,
        kind="acknowledged",
        summary=f"Acknowledged: {how}",
        actor=actor,
        now=now,
        after={"acknowledged_at": now.isoformat(), "deadlines": deadlines},
    )


def _meet(session: Session, case: Case, step: str, now: datetime) -> None:
    for deadline in open_deadlines(session, case):
        if deadline.step == step:
            deadline.state = DeadlineState.MET
            deadline.met_at = now
            session.add(deadline)
    session.flush()


def _set_deadlines(session: Session, case: Case, settings: Settings) -> dict[str, str]:
    """Make the case's deadlines those of its procedure and stage; returns step -> date for the event."""
    stage = stage_named(settings, case.procedure, case.stage)
    wanted = steps_due(stage, Clocks(case.received_at, case.acknowledged_at), calendar_of(settings))
    session.flush()
    existing = {
        (deadline.stage, deadline.step): deadline
        for deadline in session.exec(select(Deadline).where(Deadline.case_id == case.id))
    }
    done = {"acknowledge": case.acknowledged_at, "respond": case.responded_at}
    for due in wanted:
        deadline = existing.pop((due.stage, due.step), None)
        if deadline is None:
            session.add(_new_deadline(case, due, done[due.step]))
        elif deadline.state != DeadlineState.MET:
            _move(deadline, due)
            session.add(deadline)
    for deadline in existing.values():
        if deadline.state == DeadlineState.OPEN:
            deadline.state = DeadlineState.CANCELLED
            session.add(deadline)
    session.flush()
    return {due.step: due.due_on.isoformat() for due in wanted}


def _new_deadline(case: Case, due: Due, met_at: datetime | None) -> Deadline:
    assert case.id is not None
    return Deadline(
        case_id=case.id,
        stage=due.stage,
        step=due.step,
        state=DeadlineState.MET if met_at else DeadlineState.OPEN,
        met_at=met_at,
        started_at=due.started_at,
        started_by=due.started_by,
        limit_days=due.limit_days,
        due_on=due.due_on,
        original_due_on=due.due_on,
        working=due.working,
    )


def _move(deadline: Deadline, due: Due) -> None:
    deadline.state = DeadlineState.OPEN
    deadline.started_at, deadline.started_by = due.started_at, due.started_by
    deadline.limit_days, deadline.due_on, deadline.working = due.limit_days, due.due_on, due.working
