"""Sealing a case, so that its team alone sees it. Cases of the services in `council.sealed_services` always are."""

from datetime import datetime

from sqlmodel import Session

from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.reading import check_move, find_case, officer
from postroom.models.case import Case
from postroom.models.failures import ImpossibleMove
from postroom.models.settings import Settings


def seal(session: Session, case_id: int, *, reason: str, officer_id: int, settings: Settings, now: datetime) -> Case:
    """Let the case's team alone see it, whichever team it goes to later."""
    return _set(session, case_id, Move.SEAL, True, reason, officer_id, settings, now)


def unseal(session: Session, case_id: int, *, reason: str, officer_id: int, settings: Settings, now: datetime) -> Case:
    """Take back that a case was sealed by hand."""
    return _set(session, case_id, Move.UNSEAL, False, reason, officer_id, settings, now)


def _set(
    session: Session,
    case_id: int,
    move: Move,
    sealed: bool,
    reason: str,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    case = find_case(session, case_id)
    check_move(session, case, move, settings=settings)
    if not reason.strip():
        raise ImpossibleMove("Say why.")
    case.sealed = case.sealed_by_hand = sealed
    session.add(case)
    record(
        session,
        case,
        kind="sealed" if sealed else "unsealed",
        summary="Sealed: its team alone sees it" if sealed else "No longer sealed",
        actor=officer(officer_id),
        now=now,
        before={"sealed": not sealed},
        after={"sealed": sealed},
        words=reason.strip(),
    )
    return case
