"""What is open, late and due soon, by team and by officer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, func, select
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


@dataclass(frozen=True)
class Work:
    """The open cases that an officer has in a team."""

    team: str
    officer: str
    open: int
    late: int
    soon: int
    longest_open_since: datetime


def open_work(session: Session, today: date, until: date, visible: ColumnElement[bool]) -> list[Work]:
    """Open cases by team and officer; late and soon by the next date of each."""
    each = (
        select(
            col(Case.team).label("team"),
            func.coalesce(Officer.name, "").label("officer"),
            col(Case.received_at).label("received"),
            func.min(Deadline.due_on).label("due"),
        )
        .select_from(Case)
        .outerjoin(Officer, col(Officer.id) == Case.officer_id)
        .outerjoin(Deadline, and_(col(Deadline.case_id) == Case.id, col(Deadline.state) == DeadlineState.OPEN))
        .where(col(Case.status) == CaseStatus.OPEN, visible)
        .group_by(col(Case.id), col(Officer.id))
        .subquery()
    )
    late = func.sum(case((each.c.due < today, 1), else_=0))
    soon = func.sum(case((each.c.due.between(today, until), 1), else_=0))
    names = (each.c.team, each.c.officer)
    query = select(*names, func.count(), late, soon, func.min(each.c.received)).group_by(*names)
    return [Work(*row) for row in session.execute(query)]


def by_team(work: Iterable[Work]) -> list[Load]:
    """Open cases by team, those with most late ones first."""
    return _loads(work, lambda each: each.team)


def by_officer(work: Iterable[Work]) -> list[Load]:
    """Open cases by who works on them."""
    return _loads(work, lambda each: each.officer)


def _loads(work: Iterable[Work], name: Callable[[Work], str]) -> list[Load]:
    found: dict[str, list[Work]] = {}
    for each in work:
        found.setdefault(name(each), []).append(each)
    loads = [
        Load(
            name,
            sum(each.open for each in parts),
            sum(each.late for each in parts),
            sum(each.soon for each in parts),
            min(each.longest_open_since for each in parts),
        )
        for name, parts in found.items()
    ]
    return sorted(loads, key=lambda load: (-load.late, -load.soon, load.name))
