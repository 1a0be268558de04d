"""The outbox: every mail that Postroom sends, kept as sent, its templates, and the reminders that were given."""

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
    WITHDRAWN = "withdrawn"
    """What it says was no longer right before anybody had taken it; it is not sent."""


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
    __table_args__ = (
        Index("ix_outgoing_mail_queue", "state", "not_before"),
        Index("ix_outgoing_mail_pace", "tried_at", "domain"),
    )

    id: int | None = Field(default=None, primary_key=True)
    once: str = Field(unique=True, description="letter:<case>:<stage>:<letter> or digest:<officer>:<day>")
    kind: str = Field(description="of outbox.Kind: letter, digest, alert, notice or account")
    purpose: str = Field(default="", description="of letters.Purpose: what a letter is for; empty for other kinds")
    case_id: int | None = Field(default=None, foreign_key="feedback_case.id", index=True)
    stage: str = ""
    letter: str = Field(default="", description="the template's name")
    officer_id: int | None = Field(
        default=None, foreign_key="officer.id", description="who wrote it, where somebody did"
    )
    template_digest: str = Field(default="", description="which version of the template: `LetterVersion.digest`")
    text_digest: str = Field(default="", description="SHA-256 of what it says, to see whether that is still right")
    message_id: str = Field(unique=True, description="the Message-ID, made before the first try, with angle brackets")
    envelope_sender: str
    by_post: bool = Field(default=False, description="on paper: the recipient is a postal address, the content a PDF")
    recipient: str = Field(index=True)
    domain: str = Field(default="", description="of the recipient, lower case; empty where it goes by post")
    subject: str
    content: bytes = bytes_column(description="the mail as it is sent, byte for byte")
    created_at: datetime = moment()
    state: str = Field(default=MailState.WAITING)
    attempts: int = 0
    tried_at: datetime | None = maybe_moment(description="when it was last handed to its transport")
    unanswered: int = Field(default=0, description="tries of which nobody knows the end: it may have gone out")
    not_before: datetime = moment(description="not to be tried before this moment: a lease, or a pause after a fault")
    last_error: str = ""
    sent_at: datetime | None = maybe_moment()
    bounced_at: datetime | None = maybe_moment(description="when the bounce came in, after it was sent")
    bounce_kind: str = Field(default=Bounce.NONE)
    bounce_reason: str = Field(default="", description="what the other mail server said, in one line")


class LetterVersion(SQLModel, table=True):
    """A template as it was when a mail was written from it."""

    __tablename__ = "letter_version"

    digest: str = Field(primary_key=True, description="SHA-256 of the template and of what it includes, in hex")
    letter: str = Field(index=True, description="the template's name")
    source: str
    first_used_at: datetime = moment()


class Reminder(SQLModel, table=True):
    """One rung of the ladder, given once ever to one person. A date that was moved has rungs of its own."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("about", "rung", "officer_id"),)

    id: int | None = Field(default=None, primary_key=True)
    about: str = Field(description="what stands on the ladder, as case:<id>:<stage>:<step>:<date> (`rungs.OnLadder`)")
    rung: str = Field(description="due:5 with five working days left, overdue:2 two working days late, …")
    officer_id: int = Field(foreign_key="officer.id")
    given_on: date
    outgoing_mail_id: int = Field(foreign_key="outgoing_mail.id")
