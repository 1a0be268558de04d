"""The lists of confirmed cases: what is open, what is closed, and how much there is to do."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from sqlalchemy import ColumnElement, Engine, Select, and_, case, func, select
from sqlmodel import Session, col

from postroom.casework.working_days import Calendar
from postroom.desk.filters import NOBODY, Filters
from postroom.desk.queries.my_work import called_in
from postroom.desk.queries.pages import Paged, page_of
from postroom.desk.queries.sight import may_see
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState, Person
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState
from postroom.models.settings import Settings

NO_FILTERS = Filters()

_unread: Any = col(Case.id).in_(select(col(Message.case_id)).where(col(Message.to_read).is_(True)))
"""Whether a case has a message that no officer has read."""

_next_due: Any = (
    select(func.min(Deadline.due_on))
    .where(col(Deadline.case_id) == Case.id, col(Deadline.state) == DeadlineState.OPEN)
    .correlate(Case)
    .scalar_subquery()
)
"""The date on which something is due next on a case."""

WEEK = 5
"""Working days."""


@dataclass(frozen=True)
class Days:
    """Today, and up to when something counts as due by tomorrow and due this week."""

    today: date
    tomorrow: date
    in_a_week: date

    @classmethod
    def of(cls, today: date, calendar: Calendar) -> Self:
        return cls(today, today + timedelta(days=1), calendar.add(today, WEEK))


@dataclass(frozen=True)
class Listed:
    """A confirmed case in a list. `step` and `due_on` are of its next deadline, where one is open; `person` is whose
    case it is and `officer` who works on it, empty where that is nobody by name; `unread`: a message came that nobody
    has read."""

    reference: str
    subject: str
    type: str
    team: str
    sealed: bool
    at_risk: bool
    received_at: datetime
    closed_at: datetime | None
    step: str
    due_on: date | None
    person: str
    officer: str
    unread: bool


@dataclass(frozen=True)
class OpenFacets:
    """How many open cases each value of a filter would leave by itself."""

    teams: dict[str, int]
    types: dict[str, int]
    channels: dict[str, int]
    officers: dict[str, int]
    """By name; `NOBODY` is nobody by name."""
    all: int
    at_risk: int
    mine: int
    late: int
    week: int


@dataclass(frozen=True)
class Counts:
    """What there is to do besides confirming, of what the visitor may see. `held` and `undelivered` are of the whole
    council."""

    open: int
    late: int
    due_soon: int
    held: int
    undelivered: int
    unread: int
    called_in: int
    """Notes that name the visitor and that they have not seen."""


def open_cases(
    engine: Engine, visitor: SignedIn, settings: Settings, number: int, days: Days, filters: Filters = NO_FILTERS
) -> Paged[Listed]:
    """Open cases by the date on which something is due next; those with nothing due come last."""
    which = and_(col(Case.status) == CaseStatus.OPEN, *_filtered(filters, visitor, days))
    query = _listed(visitor, settings, which).order_by(
        col(Deadline.due_on).is_(None), col(Deadline.due_on), col(Case.received_at), col(Case.id)
    )
    return _paged(engine, query, number)


def open_facets(engine: Engine, visitor: SignedIn, settings: Settings, days: Days) -> OpenFacets:
    """How many open cases there are of each team, type, channel and officer, and how many are late or due soon."""
    columns = (col(Case.team), col(Case.type), col(Case.channel), col(Case.at_risk), col(Case.officer_id))
    query = (
        select(*columns, func.count())
        .where(col(Case.status) == CaseStatus.OPEN, may_see(visitor, settings))
        .group_by(*columns)
    )
    teams, types, channels, officers = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    all_ = at_risk = mine = 0
    with open_session(engine, read_only=True) as session:
        names = {row.id: row.name for row in session.execute(select(col(Officer.id), col(Officer.name)))}
        late, week = session.execute(_count_due(visitor, settings, days.today, days.in_a_week)).one()
        for team, type_, channel, risk, officer_id, number in session.execute(query):
            teams[team] += number
            types[type_] += number
            channels[channel] += number
            officers[names.get(officer_id, NOBODY)] += number
            all_ += number
            at_risk += number if risk else 0
            mine += number if officer_id == visitor.officer_id else 0
    return OpenFacets(
        *(dict(teams), dict(types), dict(channels), dict(sorted(officers.items()))), all_, at_risk, mine, late, week
    )


def closed_cases(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[Listed]:
    """Closed cases, the last closed first."""
    query = _listed(visitor, settings, col(Case.status) == CaseStatus.CLOSED)
    return _paged(engine, query.order_by(col(Case.closed_at).desc(), col(Case.id).desc()), number)


def with_new_messages(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[Listed]:
    """Cases with messages that no officer has read, the longest waiting first."""
    waits_since = (
        select(func.min(Message.received_at))
        .where(col(Message.case_id) == col(Case.id), col(Message.to_read).is_(True))
        .correlate(Case)
        .scalar_subquery()
    )
    query = _listed(visitor, settings, _unread).order_by(waits_since, col(Case.id))
    return _paged(engine, query, number)


def counts(engine: Engine, visitor: SignedIn, settings: Settings, today: date) -> Counts:
    """How much there is to do, for the head of the queue."""
    visible = may_see(visitor, settings)
    others = (
        select(func.count()).select_from(Case).where(col(Case.status) == CaseStatus.OPEN, visible),
        select(func.count()).select_from(Filing).where(col(Filing.state) == FilingState.HELD),
        select(func.count()).select_from(OutgoingMail).where(col(OutgoingMail.state) == MailState.DEAD),
        select(func.count()).select_from(Case).where(_unread, visible),
        called_in(visitor, settings),
    )
    query = _count_due(visitor, settings, today, today + timedelta(days=1))
    query = query.add_columns(*(other.correlate(None).scalar_subquery() for other in others))
    with open_session(engine, read_only=True) as session:
        late, due_soon, open_, held, undelivered, unread, named = session.execute(query).one()
    return Counts(open_, late, due_soon, held, undelivered, unread, named)


def _count_due(visitor: SignedIn, settings: Settings, today: date, until: date) -> Any:
    """Counts the open cases that are late, and those on which something is due from `today` to `until` and nothing is
    late."""
    next_due = (
        select(func.min(Deadline.due_on).label("due_on"))
        .join_from(Deadline, Case, col(Case.id) == Deadline.case_id)
        .where(
            col(Deadline.state) == DeadlineState.OPEN,
            col(Deadline.due_on) <= until,
            col(Case.status) == CaseStatus.OPEN,
            may_see(visitor, settings),
        )
        .group_by(col(Deadline.case_id))
        .subquery()
    )
    late = next_due.c.due_on < today
    return select(func.count(case((late, 1))), func.count(case((~late, 1)))).select_from(next_due)


def _filtered(filters: Filters, visitor: SignedIn, days: Days) -> list[ColumnElement[bool]]:
    wanted = {col(Case.team): filters.team, col(Case.type): filters.type, col(Case.channel): filters.channel}
    conditions: list[ColumnElement[bool]] = [column == value for column, value in wanted.items() if value]
    if filters.at_risk:
        conditions.append(col(Case.at_risk).is_(True))
    if filters.mine:
        conditions.append(col(Case.officer_id) == visitor.officer_id)
    if filters.officer == NOBODY:
        conditions.append(col(Case.officer_id).is_(None))
    elif filters.officer:
        conditions.append(col(Case.officer_id).in_(select(col(Officer.id)).where(col(Officer.name) == filters.officer)))
    if filters.due == "late":
        conditions.append(_next_due < days.today)
    elif filters.due:
        conditions.append(_next_due.between(days.today, days.tomorrow if filters.due == "tomorrow" else days.in_a_week))
    return conditions


def _listed(visitor: SignedIn, settings: Settings, which: ColumnElement[bool]) -> Select[Any]:
    open_ones = and_(col(Deadline.case_id) == Case.id, col(Deadline.state) == DeadlineState.OPEN)
    next_deadline = (
        select(col(Deadline.id))
        .where(open_ones)
        .order_by(col(Deadline.due_on), col(Deadline.id))
        .limit(1)
        .correlate(Case)
        .scalar_subquery()
    )
    columns: list[Any] = [
        col(Case.reference),
        col(Case.subject),
        col(Case.type),
        col(Case.team),
        col(Case.sealed),
        col(Case.at_risk),
        col(Case.received_at),
        col(Case.closed_at),
        func.coalesce(Deadline.step, ""),
        col(Deadline.due_on),
        col(Case.id),
    ]
    return (
        select(*columns)
        .outerjoin_from(Case, Deadline, and_(open_ones, col(Deadline.id) == next_deadline))  # PostgreSQL needs both
        .where(which, may_see(visitor, settings))
    )


def _with_people(session: Session, rows: list[Any]) -> list[Listed]:
    """The rows of a page, each with its people: asked for these few alone, not for all that a list would sort."""
    query = (
        select(col(Case.id), func.coalesce(Person.name, ""), func.coalesce(Officer.name, ""), _unread)
        .outerjoin_from(Case, Person, col(Person.id) == Case.person_id)
        .outerjoin(Officer, col(Officer.id) == Case.officer_id)
        .where(col(Case.id).in_([case_id for *_, case_id in rows]))
    )
    people = {case_id: others for case_id, *others in session.execute(query)}
    return [Listed(*known, *people[case_id]) for *known, case_id in rows]


def _count_of(query: Select[Any]) -> Select[Any]:
    """How many rows a list has: the deadline beside each case changes no number."""
    assert query.whereclause is not None
    return select(func.count()).select_from(Case).where(query.whereclause)


def _paged(engine: Engine, query: Select[Any], number: int) -> Paged[Listed]:
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number, _count_of(query))
        return Paged(_with_people(session, found.rows), found.number, found.total)
