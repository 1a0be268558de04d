"""Restricting a case to officers by name, as one about the conduct of staff. It is sealed as well, so that no mail and
no list shows its words; its team, customer relations and administrators don't see it unless they are named."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.reading import check_move, find_case, officer
from postroom.models.case import Case
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import NamedOfficer, Officer, Role
from postroom.models.settings import Settings

LOOK_ONLY = (Role.ADMINISTRATOR, Role.AUDITOR)
"""Roles that never work on cases."""


def restrict(
    session: Session,
    case_id: int,
    emails: Iterable[str],
    *,
    reason: str,
    officer_id: int | None,
    settings: Settings,
    now: datetime,
) -> Case:
    """Let the officers with these addresses alone see a case, in place of any who were named before. Without an
    `officer_id` the council's technicians do it from outside the desk."""
    case = find_case(session, case_id)
    check_move(session, case, Move.RESTRICT, settings=settings)
    if not reason.strip():
        raise ImpossibleMove("Say why.")
    named = _officers(session, emails)
    before = {"restricted": case.restricted, "named": _ids(named_officers(session, case_id))}
    session.connection().execute(delete(NamedOfficer).where(col(NamedOfficer.case_id) == case_id))
    session.add_all([NamedOfficer(case_id=case_id, officer_id=id_) for id_ in _ids(named)])
    case.restricted = case.sealed = case.sealed_by_hand = True
    session.add(case)
    record(
        session,
        case,
        kind="restricted",
        summary=f"Restricted to {', '.join(each.name for each in named)}",
        actor="technician" if officer_id is None else officer(officer_id),
        now=now,
        before=before,
        after={"restricted": True, "named": _ids(named)},
        words=reason.strip(),
    )
    return case


def lift(session: Session, case_id: int, *, reason: str, officer_id: int, settings: Settings, now: datetime) -> Case:
    """Take the restriction back. The case stays sealed, so that its team alone sees it, until it is unsealed too."""
    case = find_case(session, case_id)
    check_move(session, case, Move.LIFT_RESTRICTION, settings=settings)
    if not reason.strip():
        raise ImpossibleMove("Say why.")
    before = {"restricted": True, "named": _ids(named_officers(session, case_id))}
    session.connection().execute(delete(NamedOfficer).where(col(NamedOfficer.case_id) == case_id))
    case.restricted = False
    session.add(case)
    record(
        session,
        case,
        kind="restriction lifted",
        summary="No longer restricted: its team sees it",
        actor=officer(officer_id),
        now=now,
        before=before,
        after={"restricted": False, "named": []},
        words=reason.strip(),
    )
    return case


def named_officers(session: Session, case_id: int) -> list[Officer]:
    """Those who alone may see a restricted case, by name."""
    query = select(Officer).join(NamedOfficer, col(NamedOfficer.officer_id) == Officer.id)
    return list(session.exec(query.where(NamedOfficer.case_id == case_id).order_by(Officer.name)))


def _officers(session: Session, emails: Iterable[str]) -> list[Officer]:
    wanted = sorted({email.strip().lower() for email in emails if email.strip()})
    if not wanted:
        raise ImpossibleMove("Name at least one officer.")
    query = select(Officer).where(col(Officer.email).in_(wanted), col(Officer.active))
    found = list(session.exec(query.where(col(Officer.role).not_in(LOOK_ONLY)).order_by(Officer.name)))
    unknown = sorted(set(wanted) - {each.email for each in found})
    if unknown:
        raise ImpossibleMove(f"Nobody who works on cases has the address {', '.join(unknown)}.")
    return found


def _ids(officers: Iterable[Officer]) -> list[int]:
    return sorted(each.id for each in officers if each.id is not None)
