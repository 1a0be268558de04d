"""The journal: what came over the wire, byte for byte, and where each of its messages stands.

A `RawMessage` never changes once it is committed. Its `Filing` is the work still to do with it and how that ended.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import bytes_column, json_column, maybe_moment, moment


class RawMessage(SQLModel, table=True):
    """One delivery of one message. (source, position) is unique, so the same delivery can't be stored twice."""

    __tablename__ = "raw_message"
    __table_args__ = (UniqueConstraint("source", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(description="where it came in: imap:<mailbox>, smtp, chat or import")
    position: str = Field(description="where it stood there: <folder>/<UIDVALIDITY>/<UID> for IMAP, else the digest")
    channel: str = Field(description="email or chat")
    received_at: datetime = moment()
    envelope_sender: str = Field(default="", description="SMTP MAIL FROM; empty where unknown or null")
    envelope_recipients: list[str] = json_column(default_factory=list)
    client_address: str | None = Field(default=None, description="the network address that brought it by SMTP")
    client_name: str | None = Field(default=None, description="what that client called itself (HELO or EHLO)")
    digest: str = Field(index=True, description="SHA-256 of the content, in hex")
    size: int = Field(description="bytes")
    content: bytes = bytes_column()


class FilingState(StrEnum):
    """Where a raw message stands. All but `WAITING` are ends, and each message has exactly one."""

    WAITING = "waiting"
    ON_CASE = "on_case"
    MACHINE = "machine"
    DUPLICATE = "duplicate"
    HELD = "held"


class HeldBecause(StrEnum):
    """The kind of reason why a raw message is in the holding pen. The words for people are in `Filing.reason`."""

    DOUBTFUL_SENDER = "doubtful_sender"
    """It names a case, but who sent it is not on that case, or is not proven to be who they say."""
    NEW_MATTER = "new_matter"
    """It comes from the case's person, but seems to be about something else."""
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    """All of it is here, but it is larger than a message may be."""
    INCOMPLETE = "incomplete"
    """Not all of it is here; the whole is still in the mailbox."""
    UNREADABLE = "unreadable"
    """Its bytes could not be made sense of."""
    FAILED = "failed"
    """Filing it broke off each time."""
    LIKELY_MACHINE = "likely_machine"
    """A machine or a spammer seems to have sent it, but that is not certain."""
    OTHER = "other"


class Filing(SQLModel, table=True):
    """The filing of one raw message: claimed by a worker under a lease, ended once."""

    __tablename__ = "filing"
    __table_args__ = (Index("ix_filing_queue", "state", "not_before"),)

    raw_message_id: int = Field(primary_key=True, foreign_key="raw_message.id")
    state: str = Field(default=FilingState.WAITING)
    attempts: int = 0
    not_before: datetime = moment(description="not to be claimed before this moment: a lease, or a pause after a fault")
    reason: str = Field(default="", description="why it is held, or what it is a duplicate of, in words for an officer")
    held_because: str = Field(default="", description="the kind of reason, of HeldBecause; empty if never held")
    proposed_case_id: int | None = Field(default=None, foreign_key="feedback_case.id")
    duplicate_of_id: int | None = Field(default=None, foreign_key="raw_message.id")
    ended_at: datetime | None = maybe_moment()
    decided_by: int | None = Field(default=None, foreign_key="officer.id", description="who took it out of the pen")
