"""What a second look found, as far as somebody may see it: near-copies, campaigns, two matters in one message.

Nothing is counted or named here but cases that `visitor` may see, and no words of a sealed one are shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, distinct, func, select
from sqlmodel import Session, col

from postroom.desk.queries.pages import Paged, page_of
from postroom.desk.queries.sight import is_sealed, may_see, team_now
from postroom.desk.sessions import SignedIn
from postroom.models.campaign import Campaign, NearCopy, Settled, TwoMatters
from postroom.models.case import Case, CaseStatus
from postroom.models.failures import NotFound
from postroom.models.message import Message
from postroom.models.settings import Settings

LEAST = 2
"""Somebody who may see one message of a campaign alone sees no campaign."""
FIRST_LETTERS = 600


@dataclass(frozen=True)
class Member:
    """One message of a campaign, with its case. `team` is the suggested one until the case is confirmed."""

    message_id: int
    case_id: int
    reference: str
    subject: str
    sender: str
    received_at: datetime
    status: str
    type: str
    team: str
    sealed: bool
    nearness: float
    """The part of its words that it shares with another message of the campaign, 0 to 1."""


@dataclass(frozen=True)
class Listed:
    """A campaign: how many messages of it are seen, from how many senders, and how many cases await confirmation.
    `text` is how the first of them begins, empty where only sealed ones are seen."""

    id: int
    messages: int
    senders: int
    awaiting: int
    begun_at: datetime
    last_at: datetime
    subject: str = ""
    text: str = ""


@dataclass(frozen=True)
class Repeated:
    """The case of an earlier message of the same person, in nearly the same words."""

    reference: str
    subject: str
    received_at: datetime


@dataclass(frozen=True)
class Part:
    """One of two matters: its words, and what they seem to be; both empty where that is not to be shown."""

    text: str
    type: str
    team: str


@dataclass(frozen=True)
class SecondLook:
    """What a second look at a case's message found; empty where that was nothing."""

    repeats: Repeated | None = None
    campaign: Listed | None = None
    parts: tuple[Part, ...] = ()


_found = (
    select(col(NearCopy.message_id), col(NearCopy.campaign_id))
    .join(Campaign, col(Campaign.id) == NearCopy.campaign_id)
    .where(col(Campaign.found_at).is_not(None))
)
"""Messages that belong to a campaign, with it. Where too few people have written yet it is none."""


def campaign_of(session: Session, message_id: int) -> int | None:
    """The campaign that a message belongs to; None where it is in none."""
    row = session.execute(_found.where(col(NearCopy.message_id) == message_id)).first()
    return row[1] if row else None


def campaigns_awaiting(session: Session) -> dict[int, int]:
    """The campaign of each message that belongs to one and whose case nobody has confirmed."""
    query = (
        _found.join(Message, col(Message.id) == NearCopy.message_id)
        .join(Case, col(Case.id) == Message.case_id)
        .where(col(Case.status) == CaseStatus.AWAITING)
    )
    return {int(message_id): int(campaign_id) for message_id, campaign_id in session.execute(query)}


def members(
    session: Session,
    campaign_id: int,
    visitor: SignedIn,
    settings: Settings,
    *,
    awaiting: bool = False,
    most: int | None = None,
) -> list[Member]:
    """The messages of a campaign that `visitor` may see, the oldest first; with `awaiting` those alone whose case
    nobody has confirmed; `most` of them."""
    query = _members(campaign_id, visitor, settings)
    if awaiting:
        query = query.where(col(Case.status) == CaseStatus.AWAITING)
    return [Member(*row) for row in session.execute(query.limit(most))]


def members_page(
    session: Session, campaign_id: int, visitor: SignedIn, settings: Settings, number: int
) -> Paged[Member]:
    """The same, a page of them."""
    found = page_of(session, _members(campaign_id, visitor, settings), number)
    return Paged([Member(*row) for row in found.rows], found.number, found.total)


def campaigns(session: Session, visitor: SignedIn, settings: Settings, number: int) -> Paged[Listed]:
    """The campaigns of which `visitor` may see several messages, the one with the newest message first."""
    query = _listed(visitor, settings).order_by(func.max(Message.received_at).desc(), col(NearCopy.campaign_id))
    found = page_of(session, query, number)
    return Paged([_with_text(session, row, visitor, settings) for row in found.rows], found.number, found.total)


def find_campaign(session: Session, campaign_id: int, visitor: SignedIn, settings: Settings) -> Listed:
    """One campaign. Raises `NotFound`, also where `visitor` sees too little of it."""
    row = session.execute(_listed(visitor, settings).where(col(NearCopy.campaign_id) == campaign_id)).first()
    if row is None:
        raise NotFound("There is no such campaign.")
    return _with_text(session, row, visitor, settings)


def second_look(
    session: Session, case: Case, message: Message, visitor: SignedIn, settings: Settings, *, blind: bool
) -> SecondLook:
    """What was found about `message`, which opened `case`. Where the officer is to judge `blind`, nothing suggested."""
    copy = session.get(NearCopy, message.id)
    campaign_id = campaign_of(session, message.id) if copy and message.id is not None else None
    seen = None
    if campaign_id is not None:
        seen = session.execute(_listed(visitor, settings).where(col(NearCopy.campaign_id) == campaign_id)).first()
    return SecondLook(
        repeats=_repeated(session, copy, case, visitor, settings) if copy else None,
        campaign=_with_text(session, seen, visitor, settings) if seen else None,
        parts=_parts(session, case, message, blind),
    )


def _joined(columns: Sequence[Any], visitor: SignedIn, settings: Settings) -> Select[Any]:
    """`columns` of the messages that were looked at and of their cases, those that `visitor` may see."""
    return (
        select(*columns)
        .select_from(NearCopy)
        .join(Message, col(Message.id) == NearCopy.message_id)
        .join(Case, col(Case.id) == Message.case_id)
        .where(may_see(visitor, settings))
    )


def _members(campaign_id: int, visitor: SignedIn, settings: Settings) -> Select[Any]:
    columns: list[Any] = [
        col(Message.id),
        col(Case.id),
        col(Case.reference),
        col(Case.subject),
        func.coalesce(func.nullif(Message.sender_name, ""), Message.sender_email),
        col(Message.received_at),
        col(Case.status),
        col(Case.type),
        team_now,
        is_sealed(settings),
        col(NearCopy.nearness),
    ]
    query = _joined(columns, visitor, settings).where(col(NearCopy.campaign_id) == campaign_id)
    return query.order_by(col(Message.received_at), col(Message.id))


def _listed(visitor: SignedIn, settings: Settings) -> Select[Any]:
    columns: list[Any] = [
        col(NearCopy.campaign_id),
        func.count(),
        func.count(distinct(func.lower(Message.sender_email))),
        func.count(func.nullif(col(Case.status) == CaseStatus.AWAITING, False)),
        func.min(Message.received_at),
        func.max(Message.received_at),
    ]
    found = select(col(Campaign.id)).where(col(Campaign.found_at).is_not(None))
    query = _joined(columns, visitor, settings).where(
        col(NearCopy.campaign_id).is_not(None),  # says again what PostgreSQL's planner does not see: that it is few
        col(NearCopy.campaign_id).in_(found),
    )
    return query.group_by(col(NearCopy.campaign_id)).having(func.count() >= LEAST)


def _with_text(session: Session, row: Any, visitor: SignedIn, settings: Settings) -> Listed:
    """With how the first message begins whose words may be shown here and were not erased."""
    found = Listed(*row)
    query = _joined([col(Message.subject), col(Message.new_text)], visitor, settings)
    query = query.where(col(NearCopy.campaign_id) == found.id, ~is_sealed(settings), col(Message.new_text) != "")
    first = session.execute(query.order_by(col(Message.received_at), col(Message.id)).limit(1)).first()
    subject, text = first or ("", "")
    return replace(found, subject=subject, text=_beginning(text))


def _beginning(text: str) -> str:
    text = text.strip()
    return text if len(text) <= FIRST_LETTERS else text[:FIRST_LETTERS].rsplit(" ", 1)[0] + " …"


def _repeated(session: Session, copy: NearCopy, case: Case, visitor: SignedIn, settings: Settings) -> Repeated | None:
    """The case of what the same person sent before, unless it is sealed."""
    query = (
        select(col(Case.reference), col(Case.subject), col(Message.received_at))
        .join(Message, col(Message.case_id) == Case.id)
        .where(col(Message.id) == copy.repeats_id, col(Case.id) != case.id)
        .where(may_see(visitor, settings), ~is_sealed(settings))
    )
    row = session.execute(query).first()
    return Repeated(*row) if row else None


def _parts(session: Session, case: Case, message: Message, blind: bool) -> tuple[Part, ...]:
    """The two matters of a message on a case that awaits confirmation, unless an officer has settled it."""
    matters = session.get(TwoMatters, message.id)
    if matters is None or matters.settled != Settled.NOT_YET or case.status != CaseStatus.AWAITING:
        return ()
    parts = tuple(
        Part(
            message.new_text[part["start"] : part["end"]].strip(),
            "" if blind else part["type"],
            "" if blind else part["team"],
        )
        for part in matters.parts
    )
    return parts if all(part.text for part in parts) else ()
