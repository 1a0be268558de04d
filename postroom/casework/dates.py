"""Correcting a date of a case: rare, by few, with a reason, and the history shows what it was."""

from datetime import datetime
from typing import Literal

from sqlmodel import Session

from postroom.casework.deadlines import set_deadlines, set_window
from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.procedures import stage_named
from postroom.casework.reading import check_move, find_case, officer, stages_of
from postroom.models.case import Case, CaseStatus
from postroom.models.failures import ImpossibleMove
from postroom.models.settings import Settings

DateName = Literal["received", "acknowledged", "responded", "closed"]


def correct_date(
    session: Session,
    case_id: int,
    which: DateName,
    moment: datetime,
    *,
    reason: str,
    officer_id: int,
    role: str,
    settings: Settings,
    now: datetime,
) -> Case:
    """Correct when a case was received or closed, or its present stage acknowledged or responded to. `role` is that of
    the officer (`casework.dates_corrected_by`). The deadlines that count from it move, also those already met."""
    case = find_case(session, case_id)
    check_move(session, case, Move.CORRECT_DATE, settings=settings, role=role)
    if not reason.strip():
        raise ImpossibleMove("Say why the date is corrected.")
    before = getattr(case, f"{which}_at")
    if before is None:
        raise ImpossibleMove(f"{case.reference} was not {which} yet.")
    _check_order(session, case, which, moment, now)
    _set(session, case, which, moment, settings)
    moved = set_deadlines(session, case, settings, also_met=True) if case.status == CaseStatus.OPEN else None
    if which == "responded":
        set_window(session, case, stages_of(session, case)[-1], settings)
    record(
        session,
        case,
        kind="date corrected",
        summary=f"{which.capitalize()} corrected from {before:%d %B %Y} to {moment:%d %B %Y}"
        + (moved.words if moved else ""),
        actor=officer(officer_id),
        now=now,
        before={f"{which}_at": before.isoformat(), "deadlines": moved.before if moved else {}},
        after={f"{which}_at": moment.isoformat(), "deadlines": moved.after if moved else {}},
        words=reason.strip(),
    )
    return case


def _check_order(session: Session, case: Case, which: DateName, moment: datetime, now: datetime) -> None:
    """Nothing is acknowledged, answered or closed before its stage began, nor in the future."""
    if moment > now:
        raise ImpossibleMove("A date can't be in the future.")
    stages = stages_of(session, case)
    if which == "received":
        later = [case.closed_at, *((stages[0].acknowledged_at, stages[0].responded_at) if stages else ())]
        if any(other is not None and moment > other for other in later):
            raise ImpossibleMove("A case can't be received after it was acknowledged, responded to or closed.")
    elif which == "closed":
        if moment < max(filter(None, (case.received_at, case.responded_at, case.acknowledged_at))):
            raise ImpossibleMove("A case can't be closed before it was received, acknowledged or responded to.")
    elif stages and moment < stages[-1].began_at:
        raise ImpossibleMove(f"A stage can't be {which} before it began.")
    elif case.closed_at is not None and moment > case.closed_at:
        raise ImpossibleMove(f"A case can't be {which} after it was closed.")
    elif which == "acknowledged" and case.responded_at is not None and moment > case.responded_at:
        raise ImpossibleMove("A case can't be acknowledged after it was responded to.")
    elif which == "responded" and case.acknowledged_at is not None and moment < case.acknowledged_at:
        raise ImpossibleMove("A case can't be responded to before it was acknowledged.")


def _set(session: Session, case: Case, which: DateName, moment: datetime, settings: Settings) -> None:
    setattr(case, f"{which}_at", moment)
    session.add(case)
    stages = stages_of(session, case)
    if not stages or which == "closed":
        return
    stage = stages[0] if which == "received" else stages[-1]
    if which == "received":
        stage.began_at = moment
    else:
        setattr(stage, f"{which}_at", moment)
        if which == "responded" and stage_named(settings, case.procedure, case.stage).answer == "adjudicate":
            stage.adjudicated_at = moment
    session.add(stage)
