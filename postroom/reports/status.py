"""How Postroom is doing, in figures: what has come in, where it stands, and what waits. Reads tables, writes none."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func
from sqlmodel import Session, SQLModel, col, or_, select

from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.mailbox import MailboxCursor
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState, HeldBecause, RawMessage
from postroom.models.settings import Settings


@dataclass(frozen=True)
class MailboxStatus:
    """One mailbox as it was last read."""

    mailbox: str
    folder: str
    read_at: str | None
    """The last read that went well, ISO 8601; None where there was none."""
    on_server: int
    """Messages in the folder at that read."""
    stored: int
    """Messages of this mailbox in the journal, each counted once however often it came in."""
    missing: int
    """Messages in the folder at that read that were not stored yet. 0: the server has nothing that we lack."""
    error: str
    alarm: bool
    """Whether it has not been read for `intake.alarm_after_minutes`, or never."""


@dataclass(frozen=True)
class Status:
    """The whole of it. Counts by state name every state, also those at 0."""

    at: str
    raw_messages: dict[str, int]
    cases: dict[str, int]
    outbox: dict[str, int]
    holding_pen: int
    mailboxes: list[MailboxStatus]
    oldest_unprocessed_seconds: float | None
    """Age of the oldest message that is not filed yet; None where all are."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def status(engine: Engine, settings: Settings, now: datetime) -> Status:
    """Count everything at one moment. Names each mailbox that is configured or was once."""
    with open_session(engine, read_only=True) as session:
        filings = _by_state(session, Filing, "state", list(FilingState))
        return Status(
            at=now.isoformat(),
            raw_messages=filings,
            cases=_by_state(session, Case, "status", list(CaseStatus)),
            outbox=_by_state(session, OutgoingMail, "state", list(MailState)),
            holding_pen=filings[FilingState.HELD],
            mailboxes=_mailboxes(session, settings, now),
            oldest_unprocessed_seconds=_oldest_waiting(session, now),
        )


def _by_state(session: Session, table: type[SQLModel], column: str, states: list[Any]) -> dict[str, int]:
    state = col(getattr(table, column))
    counts = dict(session.exec(select(state, func.count()).group_by(state)).all())
    return {str(name): counts.get(str(name), 0) for name in states}


def _mailboxes(session: Session, settings: Settings, now: datetime) -> list[MailboxStatus]:
    configured = {(mailbox.name, mailbox.folder) for mailbox in settings.intake.mailboxes}
    read = {(cursor.mailbox, cursor.folder): cursor for cursor in session.exec(select(MailboxCursor))}
    stored = _stored_once(session)
    alarm_before = now - timedelta(minutes=settings.intake.alarm_after_minutes)
    found = []
    for name, folder in sorted(configured | read.keys()):
        cursor = read.get((name, folder)) or MailboxCursor(mailbox=name, folder=folder)
        late = cursor.read_at is None or cursor.read_at <= alarm_before
        found.append(
            MailboxStatus(
                mailbox=name,
                folder=folder,
                read_at=cursor.read_at.isoformat() if cursor.read_at else None,
                on_server=cursor.on_server,
                stored=stored.get(f"imap:{name}", 0),
                missing=cursor.missing,
                error=cursor.error,
                alarm=late and (name, folder) in configured,
            )
        )
    return found


def _stored_once(session: Session) -> dict[str, int]:
    """By source; a message that came in again after a change of UIDVALIDITY, or was moved back, counts once, and
    so does one that came in part and later as a whole."""
    query = (
        select(RawMessage.source, func.count(func.distinct(RawMessage.digest)))
        .join(Filing, col(Filing.raw_message_id) == RawMessage.id)
        .where(col(RawMessage.source).like("imap:%"))
        .where(or_(Filing.state != FilingState.DUPLICATE, Filing.held_because != HeldBecause.INCOMPLETE))
        .group_by("source")
    )
    return dict(session.exec(query).all())


def _oldest_waiting(session: Session, now: datetime) -> float | None:
    query = (
        select(func.min(RawMessage.received_at))
        .join(Filing, col(Filing.raw_message_id) == RawMessage.id)
        .where(Filing.state == FilingState.WAITING)
    )
    oldest = session.exec(query).one()
    return (now - oldest).total_seconds() if oldest else None


def as_text(status: Status) -> str:
    """The same for people, a line a figure."""
    waiting = status.oldest_unprocessed_seconds
    lines = [
        f"Messages      {_counts(status.raw_messages)}",
        f"Cases         {_counts(status.cases)}",
        f"Outbox        {_counts(status.outbox)}",
        f"Holding pen   {status.holding_pen}",
        f"Oldest unprocessed message: {'none' if waiting is None else f'{waiting:.0f} seconds old'}",
    ]
    for mailbox in status.mailboxes:
        read = f"last read {mailbox.read_at}" if mailbox.read_at else "never read"
        missing = f", {mailbox.missing} NOT STORED YET" if mailbox.missing else ""
        trouble = f"; FAILING: {mailbox.error}" if mailbox.error else ""
        lines.append(
            f"{'ALARM: ' if mailbox.alarm else ''}Mailbox {mailbox.mailbox}/{mailbox.folder}: {read}, "
            f"{mailbox.on_server} on the server, {mailbox.stored} stored{missing}{trouble}"
        )
    return "\n".join(lines)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
