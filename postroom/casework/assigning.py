"""Which officer works on a case. A team's case may be nobody's by name."""

from datetime import date, datetime

from sqlmodel import Session, select

from postroom.casework.deadlines import local_day
from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.reading import check_move, find_case, officer
from postroom.models.case import Case
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import NamedOfficer, Officer, Role, TeamMember, is_member
from postroom.models.settings import Settings


def assign(
    session: Session, case_id: int, to: int | None, *, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """Give an open case to the officer `to`, or with None back to its team. Whoever is to work on it must see it: a
    member of its team, or customer relations where it is not sealed."""
    case = find_case(session, case_id)
    check_move(session, case, Move.ASSIGN, settings=settings)
    if to == case.officer_id:
        raise ImpossibleMove(f"{case.reference} is {'with that officer' if to else 'nobody’s by name'} already.")
    today = local_day(settings, now)
    name = _who_may(session, case, to, today).name if to is not None else ""
    before = case.officer_id
    case.officer_id = to
    session.add(case)
    record(
        session,
        case,
        kind="assigned",
        summary=f"Given to {name}" if name else "Given back to the team",
        actor=officer(officer_id),
        now=now,
        before={"officer": before},
        after={"officer": to},
    )
    return case


def leave_team(case: Case, team: str) -> None:
    """A case that goes to another team is nobody's there by name yet."""
    if team != case.team:
        case.officer_id = None


def _who_may(session: Session, case: Case, to: int, today: date) -> Officer:
    found = session.get(Officer, to)
    if found is None or not found.active:
        raise ImpossibleMove("Choose an officer who works here.")
    if case.restricted:
        if session.get(NamedOfficer, (case.id, to)) is None:
            raise ImpossibleMove(f"{case.reference} is restricted, and {found.name} is not among those named there.")
        return found
    in_team = select(TeamMember.id).where(TeamMember.officer_id == to, TeamMember.team == case.team, is_member(today))
    everywhere = found.role == Role.CUSTOMER_RELATIONS and not case.sealed
    if not everywhere and session.exec(in_team).first() is None:
        raise ImpossibleMove(f"{found.name} is not in the team of {case.reference}.")
    return found
