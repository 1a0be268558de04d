"""The one door: what comes in by any channel is committed, byte for byte, before anyone hears that it was received."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from postroom.intake.charsets import clean_line
from postroom.intake.fetch_again import PAUSES
from postroom.models import tables
from postroom.models.failures import NotStored
from postroom.models.inserting import insert_into
from postroom.models.large_content import goes_in_pieces, write_content
from postroom.models.raw_message import FilingState, HeldBecause, RawMessage

EMAIL = "email"
CHAT = "chat"
PORTAL = "portal"
"""Written on a page of ours by somebody who proved that they read the mail of their address."""

_RAW_MESSAGES, _FILINGS = tables.metadata.tables["raw_message"], tables.metadata.tables["filing"]


@dataclass(frozen=True)
class Delivery:
    """One message as it came in. (source, position) names it for ever: delivered again it is not stored again."""

    source: str
    """imap:<mailbox>, smtp, chat, portal or import."""
    position: str
    """Where it stood there: <folder>/<UIDVALIDITY>/<UID> for IMAP, otherwise something unique."""
    channel: str
    content: bytes | bytearray
    """As it came. Nobody changes it any more."""
    envelope_sender: str = ""
    envelope_recipients: tuple[str, ...] = ()
    client_address: str | None = None
    """The network address that brought it by SMTP, and what it called itself; None for other channels."""
    client_name: str | None = None
    held_because: str = ""
    """Why this is not all of the message, in words: it goes straight to the holding pen."""


def receive(engine: Engine, deliveries: Sequence[Delivery], now: datetime) -> list[int]:
    """Store `deliveries` with one commit and return the id of each in the journal, in their order.

    One that is there already keeps its id and is not stored again. Raises `NotStored`: then nothing was stored.
    """
    if not deliveries:
        return []
    try:
        with engine.begin() as connection:
            return _store(connection, {_key(delivery): delivery for delivery in deliveries}, deliveries, now)
    except SQLAlchemyError as error:
        raise NotStored("The message could not be stored; it has to be delivered again.") from error


_Key = tuple[str, str]
# Made once: to make a statement takes longer than to write a row.
_INSERT_FILINGS = _FILINGS.insert()


@cache
def _insert_where_new(dialect: str) -> Any:
    insert = insert_into(_RAW_MESSAGES, dialect).on_conflict_do_nothing(index_elements=["source", "position"])
    return insert.returning(_RAW_MESSAGES.c.id, _RAW_MESSAGES.c.source, _RAW_MESSAGES.c.position)


def _store(
    connection: Connection, once: dict[_Key, Delivery], deliveries: Sequence[Delivery], now: datetime
) -> list[int]:
    stored = _insert_new(connection, list(once.values()), now)
    if stored:
        connection.execute(_INSERT_FILINGS, [_filing(id_, once[key], now) for key, id_ in stored.items()])
    known = [key for key in once if key not in stored]
    if known:
        stored |= _stored_before(connection, known)
    return [stored[_key(delivery)] for delivery in deliveries]


def _key(delivery: Delivery) -> _Key:
    return delivery.source, delivery.position


def _insert_new(connection: Connection, deliveries: list[Delivery], now: datetime) -> dict[_Key, int]:
    """The ids of those that were not there. One statement looks and writes, so that nobody can come in between."""
    in_pieces = {_key(each) for each in deliveries if goes_in_pieces(connection, len(each.content))}
    without: dict[str, Any] = {"content": b""}
    values = [_raw_message(each, now) | (without if _key(each) in in_pieces else {}) for each in deliveries]
    rows = connection.execute(_insert_where_new(connection.dialect.name), values)
    stored = {(source, position): id_ for id_, source, position in rows}
    for delivery in deliveries:
        key = _key(delivery)
        if key in in_pieces and key in stored:
            write_content(connection, stored[key], delivery.content)
    return stored


def _stored_before(connection: Connection, keys: list[_Key]) -> dict[_Key, int]:
    query = select(RawMessage.source, RawMessage.position, RawMessage.id).where(
        col(RawMessage.source).in_({source for source, _ in keys}),
        col(RawMessage.position).in_({position for _, position in keys}),
    )
    return {(source, position): id_ for source, position, id_ in connection.execute(query) if id_ is not None}


def _raw_message(delivery: Delivery, now: datetime) -> dict[str, Any]:
    return {
        "source": delivery.source,
        "position": delivery.position,
        "channel": delivery.channel,
        "received_at": now,
        "envelope_sender": clean_line(delivery.envelope_sender),
        "envelope_recipients": [clean_line(recipient) for recipient in delivery.envelope_recipients],
        "client_address": delivery.client_address,
        "client_name": None if delivery.client_name is None else clean_line(delivery.client_name),
        "digest": hashlib.sha256(delivery.content).hexdigest(),
        "size": len(delivery.content),
        "content": delivery.content,
    }


def _filing(raw_message_id: int, delivery: Delivery, now: datetime) -> dict[str, Any]:
    held = bool(delivery.held_because)
    return {
        "raw_message_id": raw_message_id,
        "state": FilingState.HELD if held else FilingState.WAITING,
        "attempts": 0,
        "not_before": now + PAUSES[0] if held else now,
        "reason": delivery.held_because,
        "held_because": HeldBecause.INCOMPLETE if held else "",
        "ended_at": now if held else None,
    }
