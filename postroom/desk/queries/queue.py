"""The lists of confirmed cases: what is open, what is closed, and how much there is to do."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Engine, Select, and_, case, distinct, func, select
from sqlmodel import col

from postroom.desk.filters import Filters
from postroom.desk.queries.pages import Paged, page_of
from postroom.desk.queries.sight import may_see
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState
from postroom.models.settings import Settings

NO_FILTERS = Filters()

_unread: Any = col(Case.id).in_(select(col(Message.case_id)).where(col(Message.to_read).is_(True)))
"""Whether a case has a message that no officer has read."""

Row = TypeVar("Row")


@dataclass(frozen=True)
class Listed:
    """A confirmed case in a list. `step` and `due_on` are of its next deadline, where one is open."""

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


@dataclass(frozen=True)
class OpenFacets:
    """How many open cases each value of a filter would leave by itself."""

    teams: dict[str, int]
    types: dict[str, int]
    channels: dict[str, int]
    all: int
    at_risk: int
    mine: int


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


def open_cases(
    engine: Engine, visitor: SignedIn, settings: Settings, number: int, filters: Filters = NO_FILTERS
) -> Paged[Listed]:
    """Open cases by the date on which something is due next; those with nothing due come last."""
    which = and_(col(Case.status) == CaseStatus.OPEN, *_filtered(filters, visitor))
    query = _listed(visitor, settings, which).order_by(
        col(Deadline.due_on).is_(None), col(Deadline.due_on), col(Case.received_at), col(Case.id)
    )
    return _paged(engine, query, number, _listed_row)


def open_facets(engine: Engine, visitor: SignedIn, settings: Settings) -> OpenFacets:
    """How many open cases there are of each team, type and channel."""
    columns = (col(Case.team), col(Case.type), col(Case.channel), col(Case.at_risk), col(Case.officer_id))
    query = (
        select(*columns, func.count())
        .where(col(Case.status) == CaseStatus.OPEN, may_see(visitor, settings))
        .group_by(*columns)
    )
    teams, types, channels = Counter[str](), Counter[str](), Counter[str]()
    all_ = at_risk = mine = 0
    with open_session(engine, read_only=True) as session:
        for team, type_, channel, risk, officer_id, number in session.execute(query):
            teams[team] += number
            types[type_] += number
            channels[channel] += number
            all_ += number
            at_risk += number if risk else 0
            mine += number if officer_id == visitor.officer_id else 0
    return OpenFacets(dict(teams), dict(types), dict(channels), all_, at_risk, mine)


def closed_cases(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[Listed]:
    """Closed cases, the last closed first."""
    query = _listed(visitor, settings, col(Case.status) == CaseStatus.CLOSED)
    return _paged(engine, query.order_by(col(Case.closed_at).desc(), col(Case.id).desc()), number, _listed_row)


def with_new_messages(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[Listed]:
    """Cases with messages that no officer has read, the longest waiting first."""
    waits_since = (
        select(func.min(Message.received_at))
        .where(col(Message.case_id) == col(Case.id), col(Message.to_read).is_(True))
        .correlate(Case)
        .scalar_subquery()
    )
    query = _listed(visitor, settings, _unread).order_by(waits_since, col(Case.id))
    return _paged(engine, query, number, _listed_row)


def counts(engine: Engine, visitor: SignedIn, settings: Settings, today: date) -> Counts:
    """How much there is to do, for the head of the queue."""
    visible, soon = may_see(visitor, settings), today + timedelta(days=1)
    late = case((col(Deadline.due_on) < today, col(Deadline.case_id)))
    due_soon = case((col(Deadline.due_on) >= today, col(Deadline.case_id)))
    others = (
        select(func.count()).select_from(Case).where(col(Case.status) == CaseStatus.OPEN, visible),
        select(func.count()).select_from(Filing).where(col(Filing.state) == FilingState.HELD),
        select(func.count()).select_from(OutgoingMail).where(col(OutgoingMail.state) == MailState.DEAD),
        select(func.count()).select_from(Case).where(_unread, visible),
    )
    query = (
        select(
            func.count(distinct(late)),
            func.count(distinct(due_soon)),
            *(other.correlate(None).scalar_subquery() for other in others),
        )
        .join_from(Deadline, Case, col(Case.id) == Deadline.case_id)
        .where(
            col(Deadline.state) == DeadlineState.OPEN,
            col(Deadline.due_on) <= soon,
            col(Case.status) == CaseStatus.OPEN,
            visible,
        )
    )
    with open_session(engine, read_only=True) as session:
        late_, due_soon_, open_, held, undelivered, unread = session.execute(query).one()
    return Counts(open_, late_, due_soon_, held, undelivered, unread)


def _filtered(filters: Filters, visitor: SignedIn) -> list[ColumnElement[bool]]:
    wanted = {col(Case.team): filters.team, col(Case.type): filters.type, col(Case.channel): filters.channel}
    conditions: list[ColumnElement[bool]] = [column == value for column, value in wanted.items() if value]
    if filters.at_risk:
        conditions.append(col(Case.at_risk).is_(True))
    if filters.mine:
        conditions.append(col(Case.officer_id) == visitor.officer_id)
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
    ]
    return (
        select(*columns)
        .outerjoin_from(Case, Deadline, and_(open_ones, col(Deadline.id) == next_deadline))  # PostgreSQL needs both
        .where(which, may_see(visitor, settings))
    )


def _listed_row(row: Any) -> Listed:
    return Listed(*row)


def _count_of(query: Select[Any]) -> Select[Any]:
    """How many rows a list has: the deadline beside each case changes no number."""
    assert query.whereclause is not None
    return select(func.count()).select_from(Case).where(query.whereclause)


def _paged(engine: Engine, query: Select[Any], number: int, as_row: Callable[[Any], Row]) -> Paged[Row]:
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number, _count_of(query))
    return Paged([as_row(row) for row in found.rows], found.number, found.total)
