"""The outbox: every mail that Postroom sends, kept as sent, and the reminders that were given."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import bytes_column, maybe_moment, moment


class MailState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    """Refused for good, or tried too often: an officer must look."""


class Bounce(StrEnum):
    """How a mail came back."""

    NONE = ""
    SOFT = "soft"
    """It is late, or could not be delivered for a cause that passes: a full mailbox, a server that does not answer."""
    HARD = "hard"
    """It can't be delivered to that address."""


class OutgoingMail(SQLModel, table=True):
    """One mail to one recipient. `once` is unique: what is owed is written once, whoever notices it."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (Index("ix_outgoing_mail_queue", "state", "not_before"),)

    id: int | None = Field(default=None, primary_key=True)
    once: str = Field(unique=True, description="letter:<case>:<stage>:<letter> or digest:<officer>:<day>")
    kind: str = Field(description="letter or digest")
    case_id: int | None = Field(default=None, foreign_key="feedback_case.id", index=True)
    stage: str = ""
    letter: str = ""
    message_id: str = Field(unique=True, description="the Message-ID, made before the first try, with angle brackets")
    envelope_sender: str
    recipient: str = Field(index=True)
    subject: str
    content: bytes = bytes_column(description="the mail as it is sent, byte for byte")
    created_at: datetime = moment()
    state: str = Field(default=MailState.WAITING)
    attempts: int = 0
    not_before: datetime = moment(description="not to be tried before this moment: a lease, or a pause after a fault")
    last_error: str = ""
    sent_at: datetime | None = maybe_moment()
    bounced_at: datetime | None = maybe_moment(description="when the bounce came in, after it was sent")
    bounce_kind: str = Field(default=Bounce.NONE)
    bounce_reason: str = Field(default="", description="what the other mail server said, in one line")


class Reminder(SQLModel, table=True):
    """One rung of the reminder ladder, given once ever for a deadline."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("deadline_id", "rung", "officer_id"),)

    id: int | None = Field(default=None, primary_key=True)
    deadline_id: int = Field(foreign_key="deadline.id", index=True)
    rung: str = Field(description="due:5 with five working days left, overdue:2 two working days late, …")
    officer_id: int = Field(foreign_key="officer.id")
    given_on: date
    outgoing_mail_id: int = Field(foreign_key="outgoing_mail.id")
