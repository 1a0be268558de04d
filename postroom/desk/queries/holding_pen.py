"""What the holding pen shows: held messages by the kind of reason, and duplicates with what they are duplicates of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from postroom.desk.queries.pages import Paged, page_of
from postroom.desk.queries.sight import is_sealed, may_see
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case, Person
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Role
from postroom.models.raw_message import Filing, FilingState, HeldBecause, RawMessage
from postroom.models.settings import Settings

PREVIEW_LETTERS = 600
PREVIEW_BYTES = 200_000
"""How much of a held mail is read for its preview; an attachment behind it does not matter."""
KINDS = (
    HeldBecause.DOUBTFUL_SENDER,
    HeldBecause.NEW_MATTER,
    HeldBecause.INCOMPLETE,
    HeldBecause.TOO_LARGE,
    HeldBecause.UNREADABLE,
    HeldBecause.FAILED,
    HeldBecause.OTHER,
    HeldBecause.EMPTY,
    HeldBecause.LIKELY_MACHINE,
)
"""The kinds in the order in which they are shown: people who wait for an answer first, what is likely rubbish last."""
_SETTLED_ASIDE = (FilingState.HELD, FilingState.DUPLICATE, FilingState.MACHINE)


@dataclass(frozen=True)
class ProposedCase:
    """The case that a held message may belong to; without subject and person where the visitor may not see it, or only
    on its own page, because it is sealed."""

    reference: str
    may_open: bool
    subject: str = ""
    person: str = ""


@dataclass(frozen=True)
class SenderCheck:
    """What is known of whether the sender's address is theirs; none where the message was never understood."""

    result: str
    details: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """A message in the holding pen. `withheld`: perhaps of a sealed case, which no administrator reads."""

    raw_message_id: int
    received_at: datetime
    kind: HeldBecause
    reason: str
    size: int
    proposed: ProposedCase | None
    withheld: bool
    subject: str = ""
    sender_name: str = ""
    sender_email: str = ""
    preview: str = ""
    sender_check: SenderCheck | None = None


@dataclass(frozen=True)
class Duplicate:
    """A message that says the same as another. Sender, subject and reference are empty where the visitor may not see
    the case of that other (`hidden`); reference also where it is on no case: then its `state` says where it is."""

    raw_message_id: int
    received_at: datetime
    source: str
    size: int
    first_received_at: datetime
    state: str
    subject: str
    sender: str
    reference: str
    hidden: bool


@dataclass(frozen=True)
class Original:
    """The bytes of a message that is on no case, and the sealed case that they may be about."""

    content: bytes
    sealed_case_id: int | None


def held_kinds(engine: Engine) -> dict[HeldBecause, int]:
    """How many messages are held for each kind of reason, in the order of `KINDS`."""
    query = (
        select(col(Filing.held_because), func.count())
        .where(col(Filing.state) == FilingState.HELD)
        .group_by(col(Filing.held_because))
    )
    counts = dict.fromkeys(KINDS, 0)
    with open_session(engine, read_only=True) as session:
        for kind, number in session.execute(query):
            counts[_kind(kind)] += number
    return {kind: number for kind, number in counts.items() if number}


def held(
    engine: Engine, visitor: SignedIn, settings: Settings, number: int, kind: HeldBecause | None = None
) -> Paged[Held]:
    """The holding pen, or those held for one kind of reason: kind by kind, each with the oldest first."""
    because = case({str(kind): place for place, kind in enumerate(KINDS)}, value=Filing.held_because, else_=_OTHER)
    query = _held_query(visitor, settings).order_by(because, col(RawMessage.received_at), col(RawMessage.id))
    if kind is not None:
        query = query.where(because == KINDS.index(kind))
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number)
    return Paged([_held(row, visitor) for row in found.rows], found.number, found.total)


def held_message(engine: Engine, raw_message_id: int, visitor: SignedIn, settings: Settings) -> Held | None:
    """One message of the holding pen; None where it is not there, or no longer."""
    with open_session(engine, read_only=True) as session:
        row = session.execute(_held_query(visitor, settings).where(col(RawMessage.id) == raw_message_id)).first()
    return _held(row, visitor) if row is not None else None


def duplicates(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[Duplicate]:
    """Messages that came more than once, the newest first."""
    visible, first = _visible(visitor, settings), aliased(RawMessage)

    def unless_hidden(column: Any) -> Any:
        return case((visible, func.coalesce(column, "")), else_="")

    query = (
        _aside(
            col(RawMessage.id),
            col(RawMessage.received_at),
            col(RawMessage.source),
            col(RawMessage.size),
            first.received_at,
            _FirstFiling.state,
            unless_hidden(Message.subject),
            unless_hidden(func.coalesce(func.nullif(Message.sender_name, ""), Message.sender_email)),
            unless_hidden(Case.reference),
            ~visible,
        )
        .join(first, col(first.id) == Filing.duplicate_of_id)
        .where(col(Filing.state) == FilingState.DUPLICATE)
        .order_by(col(RawMessage.received_at).desc(), col(RawMessage.id).desc())
    )
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number)
    return Paged([Duplicate(*row) for row in found.rows], found.number, found.total)


def original_aside(engine: Engine, raw_message_id: int, visitor: SignedIn, settings: Settings) -> Original | None:
    """A held message, a duplicate or machine mail as it came in; None where the visitor may not read it."""
    query = _aside(col(RawMessage.content), col(Case.id), func.coalesce(is_sealed(settings), False)).where(
        col(RawMessage.id) == raw_message_id, col(Filing.state).in_(_SETTLED_ASIDE), _visible(visitor, settings)
    )
    with open_session(engine, read_only=True) as session:
        row = session.execute(query).first()
    return None if row is None else Original(bytes(row[0]), row[1] if row[2] else None)


_OTHER = KINDS.index(HeldBecause.OTHER)
_FirstFiling = aliased(Filing)


def _aside(*columns: Any) -> Select[Any]:
    """Messages with what is known of them, and the case that they, or the message they repeat, are or may be on."""
    named = func.coalesce(Message.case_id, Filing.proposed_case_id, _FirstFiling.proposed_case_id)
    return (
        select(*columns)
        .select_from(Filing)
        .join(RawMessage, col(RawMessage.id) == Filing.raw_message_id)
        .outerjoin(_FirstFiling, col(_FirstFiling.raw_message_id) == Filing.duplicate_of_id)
        .outerjoin(Message, col(Message.raw_message_id) == func.coalesce(Filing.duplicate_of_id, Filing.raw_message_id))
        .outerjoin(Case, col(Case.id) == named)
    )


def _visible(visitor: SignedIn, settings: Settings) -> ColumnElement[bool]:
    """Whether the visitor may read a message of `_aside`: what is only proposed for a case is customer relations' to
    sort, whatever the case."""
    on_case: ColumnElement[bool] = func.coalesce(may_see(visitor, settings), False)
    if visitor.role == Role.CUSTOMER_RELATIONS:
        return or_(col(Case.id).is_(None), on_case, col(Message.case_id).is_(None))
    return or_(col(Case.id).is_(None), on_case, and_(col(Message.case_id).is_(None), ~is_sealed(settings)))


def _held_query(visitor: SignedIn, settings: Settings) -> Select[Any]:
    columns: list[Any] = [
        col(RawMessage.id),
        col(RawMessage.received_at),
        col(Filing.held_because),
        col(Filing.reason),
        col(RawMessage.size),
        func.coalesce(Case.reference, ""),
        func.coalesce(Case.subject, ""),
        func.coalesce(Person.name, ""),
        func.coalesce(may_see(visitor, settings), False),
        func.coalesce(is_sealed(settings), False),
        func.substr(RawMessage.content, 1, PREVIEW_BYTES),
        col(Message.authentication),
        col(Message.authentication_details),
    ]
    return (
        select(*columns)
        .select_from(Filing)
        .join(RawMessage, col(RawMessage.id) == Filing.raw_message_id)
        .outerjoin(Message, col(Message.raw_message_id) == RawMessage.id)
        .outerjoin(Case, col(Case.id) == Filing.proposed_case_id)
        .outerjoin(Person, col(Person.id) == Case.person_id)
        .where(col(Filing.state) == FilingState.HELD)
    )


def _held(row: Any, visitor: SignedIn) -> Held:
    id_, received_at, because, reason, size, reference, subject, person, may_open, sealed, content, *checked = row
    if sealed and visitor.role in (Role.ADMINISTRATOR, Role.AUDITOR):
        return Held(id_, received_at, _kind(because), reason, size, proposed=None, withheld=True)
    known = {"subject": subject, "person": person} if may_open and not sealed else {}
    from postroom.intake.parse import parse  # slow to load

    parsed = parse(bytes(content))
    return Held(
        id_,
        received_at,
        _kind(because),
        reason,
        size,
        ProposedCase(reference, bool(may_open), **known) if reference else None,
        withheld=False,
        subject=parsed.subject,
        sender_name=parsed.sender.name,
        sender_email=parsed.sender.email,
        preview=parsed.text[:PREVIEW_LETTERS],
        sender_check=SenderCheck(checked[0], tuple(checked[1] or ())) if checked[0] else None,
    )


def _kind(because: str) -> HeldBecause:
    return next((kind for kind in KINDS if kind == because), HeldBecause.OTHER)


def by_kind(rows: list[Held]) -> Iterator[tuple[HeldBecause, list[Held]]]:
    """One page's rows, grouped as they are sorted."""
    for kind in KINDS:
        group = [row for row in rows if row.kind == kind]
        if group:
            yield kind, group
