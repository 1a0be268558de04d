"""Messages of which a mailbox gave only a part: when they are asked for again, and what becomes of the part once all of
the message is here. The journal never changes, so the whole is a delivery of its own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, and_, update
from sqlmodel import col, select

from postroom.models.database import open_session
from postroom.models.raw_message import Filing, FilingState, HeldBecause, RawMessage

WHOLE = "+whole"
"""Ends the position of a whole message whose part stands at the position without it."""
PAUSES = [timedelta(hours=hours) for hours in (1, 3, 6, 24)]
"""How long it is left alone after each try; the last holds for all further ones."""


@dataclass(frozen=True)
class Part:
    """A part in the holding pen."""

    raw_message_id: int
    position: str
    attempts: int

    @property
    def uid(self) -> int:
        return uid_of(self.position)


def uid_of(position: str) -> int:
    """The UID in a position of the journal."""
    return int(position.rpartition("/")[2].removesuffix(WHOLE))


def due(engine: Engine, source: str, folder: str, now: datetime) -> Part | None:
    """The part that has waited longest to be asked for again; `folder` is how its position begins."""
    query = (
        select(RawMessage.id, RawMessage.position, Filing.attempts)
        .join(Filing, col(Filing.raw_message_id) == RawMessage.id)
        .where(Filing.state == FilingState.HELD, Filing.held_because == HeldBecause.INCOMPLETE)
        .where(Filing.not_before <= now, RawMessage.source == source)
        .where(col(RawMessage.position).startswith(folder, autoescape=True))
        .order_by(col(Filing.not_before), col(Filing.raw_message_id))
        .limit(1)
    )
    with open_session(engine, read_only=True) as session:
        row = session.exec(query).first()
    return Part(row[0], row[1], row[2]) if row and row[0] is not None else None


def put_off(engine: Engine, part: Part, now: datetime) -> None:
    """Ask for it no more for a while. Written before each try, since that may break the connection, or us."""
    pause = PAUSES[min(part.attempts + 1, len(PAUSES) - 1)]
    _write(engine, part, not_before=now + pause, attempts=part.attempts + 1)


def go_on(engine: Engine, part: Part, now: datetime) -> None:
    """It is large, and not all of it has come yet: the next poll goes on."""
    _write(engine, part, not_before=now, attempts=part.attempts)


def note(engine: Engine, part: Part, reason: str) -> None:
    """Say, in words, why it is still only a part."""
    _write(engine, part, reason=reason)


def supersede(engine: Engine, part: Part, whole_id: int, now: datetime) -> None:
    """All of it is here as `whole_id`. A part that an officer has filed meanwhile stays where they put it."""
    reason = f"All of it came later, as number {whole_id}."
    _write(engine, part, state=FilingState.DUPLICATE, duplicate_of_id=whole_id, reason=reason, ended_at=now)


def _write(engine: Engine, part: Part, **values: object) -> None:
    held = and_(col(Filing.state) == FilingState.HELD, col(Filing.held_because) == HeldBecause.INCOMPLETE)
    with open_session(engine) as session:
        changed = update(Filing).where(col(Filing.raw_message_id) == part.raw_message_id, held)
        session.connection().execute(changed.values(**values))
        session.commit()
