"""The one door: what comes in by any channel is committed, byte for byte, before anyone hears that it was received."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlmodel import Session, col, select

from postroom.intake.charsets import clean_line
from postroom.models.database import open_session
from postroom.models.failures import NotStored
from postroom.models.raw_message import Filing, FilingState, RawMessage

EMAIL = "email"
CHAT = "chat"


@dataclass(frozen=True)
class Delivery:
    """One message as it came in. (source, position) names it for ever: delivered again it is not stored again."""

    source: str
    """imap:<mailbox>, smtp, chat or import."""
    position: str
    """Where it stood there: <folder>/<UIDVALIDITY>/<UID> for IMAP, otherwise something unique."""
    channel: str
    content: bytes
    envelope_sender: str = ""
    envelope_recipients: tuple[str, ...] = ()
    held_because: str = ""
    """Where the channel knows that it can't be filed (too large, say): it goes straight to the holding pen."""


def receive(engine: Engine, deliveries: Sequence[Delivery], now: datetime) -> list[int]:
    """Store `deliveries` with one commit and return the id of each in the journal, in their order.

    One that is there already keeps its id and is not stored again. Raises `NotStored`: then nothing was stored.
    """
    try:
        try:
            return _store(engine, deliveries, now)
        except IntegrityError:  # somebody stored one of them since we looked: look again
            return _store(engine, deliveries, now)
    except SQLAlchemyError as error:
        raise NotStored("The message could not be stored; it has to be delivered again.") from error


def _store(engine: Engine, deliveries: Sequence[Delivery], now: datetime) -> list[int]:
    with open_session(engine) as session:
        known = _stored_before(session, deliveries)
        fresh = {_key(d): d for d in deliveries if _key(d) not in known}
        rows = {key: _raw_message(delivery, now) for key, delivery in fresh.items()}
        session.add_all(rows.values())
        session.flush()
        known |= {key: _id(row) for key, row in rows.items()}
        session.add_all(_filing(known[key], delivery, now) for key, delivery in fresh.items())
        session.commit()
    return [known[_key(delivery)] for delivery in deliveries]


def _key(delivery: Delivery) -> tuple[str, str]:
    return delivery.source, delivery.position


def _id(row: RawMessage) -> int:
    assert row.id is not None
    return row.id


def _stored_before(session: Session, deliveries: Sequence[Delivery]) -> dict[tuple[str, str], int]:
    query = select(RawMessage.source, RawMessage.position, RawMessage.id).where(
        col(RawMessage.source).in_({delivery.source for delivery in deliveries}),
        col(RawMessage.position).in_({delivery.position for delivery in deliveries}),
    )
    return {(source, position): id_ for source, position, id_ in session.exec(query) if id_ is not None}


def _raw_message(delivery: Delivery, now: datetime) -> RawMessage:
    return RawMessage(
        source=delivery.source,
        position=delivery.position,
        channel=delivery.channel,
        received_at=now,
        envelope_sender=clean_line(delivery.envelope_sender),
        envelope_recipients=[clean_line(recipient) for recipient in delivery.envelope_recipients],
        digest=hashlib.sha256(delivery.content).hexdigest(),
        size=len(delivery.content),
        content=delivery.content,
    )


def _filing(raw_message_id: int, delivery: Delivery, now: datetime) -> Filing:
    if delivery.held_because:
        return Filing(
            raw_message_id=raw_message_id,
            state=FilingState.HELD,
            not_before=now,
            reason=delivery.held_because,
            ended_at=now,
        )
    return Filing(raw_message_id=raw_message_id, not_before=now)
