"""Finds what is nearly the same as an earlier message: sent again by the same person, or one of a campaign of many.

A new message costs a look at an index for each of its bands, and reading the few messages that were found: as much
among a million as among a thousand. Of a campaign only as many are put into the index as are needed to find the next.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from postroom.models.campaign import Campaign, CopyBand, NearCopy
from postroom.models.message import Message
from postroom.models.settings import Triage
from postroom.models.tables import metadata
from postroom.triage.near_copies import Wording, bands, is_repeated, nearness, wording_of

_INSERT_BANDS = metadata.tables["copy_band"].insert()
MOST_COMPARED = 20
ENOUGH = 6
"""So many of a campaign that were found by the index are enough to find the next; it is not put there itself."""


@dataclass(frozen=True)
class Looked:
    """A message as it is compared. `wording` is empty where it has too few words of its own, `keys` too."""

    message: Message
    wording: Wording | None
    keys: tuple[int, ...]


@dataclass(frozen=True)
class _Near:
    """An earlier message that is a copy or was sent before by the same person."""

    message: Message
    copy: NearCopy
    nearness: float
    is_copy: bool
    again: bool
    """Whether the same person told the same before, on another case."""


def look_at(message: Message, ours: frozenset[int]) -> Looked:
    """A message read for comparison; `ours` are the runs of words of our own letters."""
    wording = wording_of(message.new_text, message.sender_email, ours)
    return Looked(message, wording, tuple(bands(wording)) if wording else ())


def find_copies(session: Session, looked: Looked, ours: frozenset[int], settings: Triage, now: datetime) -> NearCopy:
    """Compare one message with all that were looked at before, join it to those it is a copy of, and keep it to be
    found by later ones. Two of these must not run at once."""
    assert looked.message.id is not None
    found = NearCopy(message_id=looked.message.id, looked_at=now)
    session.add(found)
    near = _near(session, looked, ours)
    repeated = [each for each in near if each.again]
    if repeated:
        found.repeats_id = max(repeated, key=lambda each: (each.nearness, each.message.id or 0)).message.id
    copies = [each for each in near if each.is_copy]
    if copies:
        nearest = max(copies, key=lambda each: (each.copy.campaign_id is not None, each.nearness))
        found.nearness = nearest.nearness
        found.campaign_id = _join(session, looked.message, nearest, settings, now)
    fellows = [each for each in copies if each.copy.campaign_id == found.campaign_id]
    if len(fellows) < ENOUGH:
        _put_in_index(session, looked)
    session.flush()
    return found


def _put_in_index(session: Session, looked: Looked) -> None:
    rows = [{"key": key, "message_id": looked.message.id} for key in set(looked.keys)]
    if rows:
        session.flush()
        session.connection().execute(_INSERT_BANDS, rows)


def _near(session: Session, looked: Looked, ours: frozenset[int]) -> list[_Near]:
    """Of the messages that share most bands with this one, those that are near indeed."""
    if looked.wording is None:
        return []
    most_shared = (
        select(col(CopyBand.message_id))
        .where(col(CopyBand.key).in_(looked.keys), col(CopyBand.message_id) != looked.message.id)
        .group_by(col(CopyBand.message_id))
        .order_by(func.count().desc(), col(CopyBand.message_id))
        .limit(MOST_COMPARED)
    )
    ids = session.execute(most_shared).scalars().all()
    rows = session.execute(
        select(Message, NearCopy).join(NearCopy, col(NearCopy.message_id) == Message.id).where(col(Message.id).in_(ids))
    )
    near = []
    for message, copy in rows:
        other = wording_of(message.new_text, message.sender_email, ours)
        if other is None:
            continue
        how_near = nearness(looked.wording, other)
        again = _may_repeat(looked.message, message) and is_repeated(looked.wording, other)
        if how_near.is_copy or again:
            near.append(_Near(message, copy, max(how_near.of_all, how_near.of_shorter), how_near.is_copy, again))
    return near


def _may_repeat(message: Message, earlier: Message) -> bool:
    """Whether both are from one person, in this order, and not on one case."""
    return (
        bool(message.sender_email)
        and message.sender_email.lower() == earlier.sender_email.lower()
        and earlier.received_at <= message.received_at
        and earlier.case_id is not None
        and earlier.case_id != message.case_id
    )


def _join(session: Session, message: Message, nearest: _Near, settings: Triage, now: datetime) -> int:
    """Put a message to the campaign of its nearest copy, or begin one with both; returns its id."""
    assert message.id is not None
    campaign = session.get(Campaign, nearest.copy.campaign_id) if nearest.copy.campaign_id is not None else None
    if campaign is None:
        moments = sorted((message.received_at, nearest.message.received_at))
        campaign = Campaign(begun_at=moments[0], last_at=moments[1])
        session.add(campaign)
        session.flush()
        nearest.copy.campaign_id, nearest.copy.nearness = campaign.id, nearest.nearness
        session.add(nearest.copy)
        session.flush()
    assert campaign.id is not None
    campaign.begun_at = min(campaign.begun_at, message.received_at)
    campaign.last_at = max(campaign.last_at, message.received_at)
    if campaign.found_at is None and _senders(session, campaign.id, message, settings) >= settings.campaign_senders:
        campaign.found_at = now
    session.add(campaign)
    return campaign.id


def _senders(session: Session, campaign_id: int, message: Message, settings: Triage) -> int:
    """How many people sent the campaign's messages in the days before this one, its own sender among them. Messages
    without an address count for nobody."""
    since = message.received_at - timedelta(days=settings.campaign_days)
    query = (
        select(func.lower(Message.sender_email))
        .distinct()
        .join(NearCopy, col(NearCopy.message_id) == Message.id)
        .where(col(NearCopy.campaign_id) == campaign_id, col(Message.sender_email) != "")
        .where(col(Message.received_at).between(since, message.received_at))
    )
    return len({*session.execute(query).scalars(), message.sender_email.lower()} - {""})
