"""The lists of cases: what awaits confirmation, what is open, what is closed, and how many of each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Engine, Select, func, select
from sqlmodel import col

from postroom.desk.blind import decides_first
from postroom.desk.queries.pages import Paged, page_of
from postroom.desk.queries.sight import first_message_id, is_sealed, may_see, suggestion_id
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState
from postroom.models.settings import Settings

PREVIEW_LETTERS = 240

_unread: Any = (
    select(col(Message.id)).where(col(Message.case_id) == col(Case.id), col(Message.to_read).is_(True)).correlate(Case)
)
"""The messages on the case of the query around it that no officer has read."""

Row = TypeVar("Row")


@dataclass(frozen=True)
class Waiting:
    """A case that awaits confirmation. `type` and `team` are suggestions, empty where there is none yet.

    `preview` is empty where the case seems to be sealed: its words are read on its own page, where that is recorded.
    """

    reference: str
    subject: str
    sender: str
    channel: str
    received_at: datetime
    sealed: bool
    suggested: bool
    type: str
    type_probability: float
    team: str
    at_risk: bool
    preview: str
    message_id: int
    blind: bool = False
    """Whether an officer is to judge it before the suggestion is shown: `type` and `team` are empty then."""


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
class Counts:
    """What there is to do, of what the visitor may see. `held` and `undelivered` are of the whole council."""

    awaiting: int
    at_risk: int
    open: int
    late: int
    due_soon: int
    held: int
    undelivered: int
    unread: int


def waiting(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[Waiting]:
    """What awaits confirmation: people at risk first, then the oldest."""
    columns: list[Any] = [
        col(Case.reference),
        col(Case.subject),
        func.coalesce(func.nullif(Message.sender_name, ""), Message.sender_email),
        col(Case.channel),
        col(Case.received_at),
        is_sealed(settings),
        col(Suggestion.id).is_not(None),
        func.coalesce(Suggestion.type, ""),
        func.coalesce(Suggestion.type_probability, 0.0),
        func.coalesce(Suggestion.team, ""),
        func.coalesce(Suggestion.at_risk, False),
        func.substr(Message.new_text, 1, PREVIEW_LETTERS),
        col(Message.id),
    ]
    found = select(*columns).join_from(Case, Message, col(Message.id) == first_message_id)
    query = _in_queue_order(found, visitor, settings)
    return _paged(engine, query, number, lambda row: _waiting(row, settings.triage.blind_share))


def next_waiting(engine: Engine, visitor: SignedIn, settings: Settings, reference: str) -> str:
    """The reference that follows `reference` in the queue, round to its beginning; empty where no other waits."""
    query = _in_queue_order(select(col(Case.reference)).select_from(Case), visitor, settings)
    with open_session(engine, read_only=True) as session:
        references = list(session.execute(query).scalars())
    place = references.index(reference) if reference in references else -1
    following = references[place + 1 :] + references[: max(place, 0)]
    return following[0] if following else ""


def open_cases(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[Listed]:
    """Open cases by the date on which something is due next; those with nothing due come last."""
    query = _listed(visitor, settings, col(Case.status) == CaseStatus.OPEN).order_by(
        col(Deadline.due_on).is_(None), col(Deadline.due_on), col(Case.received_at), col(Case.id)
    )
    return _paged(engine, query, number, _listed_row)


def closed_cases(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[Listed]:
    """Closed cases, the last closed first."""
    query = _listed(visitor, settings, col(Case.status) == CaseStatus.CLOSED)
    return _paged(engine, query.order_by(col(Case.closed_at).desc(), col(Case.id).desc()), number, _listed_row)


def with_new_messages(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[Listed]:
    """Cases with messages that no officer has read, the longest waiting first."""
    waits_since = _unread.with_only_columns(func.min(Message.received_at)).scalar_subquery()
    query = _listed(visitor, settings, _unread.exists()).order_by(waits_since, col(Case.id))
    return _paged(engine, query, number, _listed_row)


def counts(engine: Engine, visitor: SignedIn, settings: Settings, today: date) -> Counts:
    """How much there is to do, for the head of the queue."""
    visible = may_see(visitor, settings)
    awaiting = select(func.count()).select_from(Case).where(col(Case.status) == CaseStatus.AWAITING, visible)
    open_ = select(func.count()).select_from(Case).where(col(Case.status) == CaseStatus.OPEN, visible)
    soon = today + timedelta(days=1)
    with open_session(engine, read_only=True) as session:

        def number(query: Select[Any]) -> int:
            return int(session.execute(query).scalar_one())

        return Counts(
            awaiting=number(awaiting),
            at_risk=number(
                awaiting.join(Suggestion, col(Suggestion.id) == suggestion_id).where(col(Suggestion.at_risk))
            ),
            open=number(open_),
            late=number(open_.where(_has_deadline(col(Deadline.due_on) < today))),
            due_soon=number(open_.where(_has_deadline(col(Deadline.due_on).between(today, soon)))),
            held=number(select(func.count()).select_from(Filing).where(col(Filing.state) == FilingState.HELD)),
            undelivered=number(
                select(func.count()).select_from(OutgoingMail).where(col(OutgoingMail.state) == MailState.DEAD)
            ),
            unread=number(select(func.count()).select_from(Case).where(_unread.exists(), visible)),
        )


def _in_queue_order(query: Select[Any], visitor: SignedIn, settings: Settings) -> Select[Any]:
    return (
        query.outerjoin(Suggestion, col(Suggestion.id) == suggestion_id)
        .where(col(Case.status) == CaseStatus.AWAITING, may_see(visitor, settings))
        .order_by(func.coalesce(Suggestion.at_risk, False).desc(), col(Case.received_at), col(Case.id))
    )


def _listed(visitor: SignedIn, settings: Settings, which: ColumnElement[bool]) -> Select[Any]:
    next_deadline = (
        select(col(Deadline.id))
        .where(col(Deadline.case_id) == Case.id, col(Deadline.state) == DeadlineState.OPEN)
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
        .outerjoin_from(Case, Deadline, col(Deadline.id) == next_deadline)
        .where(which, may_see(visitor, settings))
    )


def _has_deadline(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(col(Deadline.id))
        .where(col(Deadline.case_id) == Case.id, col(Deadline.state) == DeadlineState.OPEN, condition)
        .correlate(Case)
        .exists()
    )


def _waiting(row: Any, blind_share: float) -> Waiting:
    found = Waiting(*row)
    if decides_first(found.message_id, blind_share):
        found = replace(found, blind=True, type="", team="")
    return replace(found, preview="" if found.sealed else " ".join(found.preview.split()))


def _listed_row(row: Any) -> Listed:
    return Listed(*row)


def _paged(engine: Engine, query: Select[Any], number: int, as_row: Callable[[Any], Row]) -> Paged[Row]:
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number)
    return Paged([as_row(row) for row in found.rows], found.number, found.total)
