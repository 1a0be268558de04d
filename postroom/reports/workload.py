"""What is open, late and due soon, by team and by officer."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, case, func, select
from sqlmodel import Session, col

from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState
from postroom.models.officer import Officer


@dataclass(frozen=True)
class Load:
    """The open cases of one team or officer. `soon`: something is due from today to the day asked about, nothing
    is late. `name` is a team's id or an officer's name; empty where a case is nobody's by name."""

    name: str
    open: int
    late: int
    soon: int
    longest_open_since: datetime


def by_team(session: Session, today: date, until: date, visible: ColumnElement[bool]) -> list[Load]:
    """Open cases by team, those with most late ones first."""
    return _loads(session, func.coalesce(Case.team, ""), today, until, visible)


def by_officer(session: Session, today: date, until: date, visible: ColumnElement[bool]) -> list[Load]:
    """Open cases by who works on them."""
    return _loads(session, func.coalesce(Officer.name, ""), today, until, visible)


def _loads(
    session: Session, name: ColumnElement[str], today: date, until: date, visible: ColumnElement[bool]
) -> list[Load]:
    next_due = (
        select(func.min(Deadline.due_on))
        .where(col(Deadline.case_id) == Case.id, col(Deadline.state) == DeadlineState.OPEN)
        .correlate(Case)
        .scalar_subquery()
    )
    each = (
        select(name.label("name"), next_due.label("due"), col(Case.received_at).label("received"))
        .select_from(Case)
        .outerjoin(Officer, col(Officer.id) == Case.officer_id)
        .where(col(Case.status) == CaseStatus.OPEN, visible)
        .subquery()
    )
    late = func.sum(case((each.c.due < today, 1), else_=0))
    soon = func.sum(case((each.c.due.between(today, until), 1), else_=0))
    query = select(each.c.name, func.count(), late, soon, func.min(each.c.received)).group_by(each.c.name)
    return [Load(*row) for row in session.execute(query.order_by(late.desc(), soon.desc(), each.c.name))]
