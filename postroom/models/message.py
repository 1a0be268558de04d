"""Messages: what a raw message says, as far as parsing understood it. May be made again from the journal."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel, col

from postroom.models.columns import json_column, maybe_moment, moment

SPAM = "spam"
"""`Message.machine` where an officer said so; Postroom itself calls nothing spam."""
OPENED = "new case"
"""`Message.matched_by` of the message that opened its case."""


class Message(SQLModel, table=True):
    """One message from a resident, or from a machine, on a case or on none."""

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("message_id", "content_digest"),)

    id: int | None = Field(default=None, primary_key=True)
    raw_message_id: int = Field(foreign_key="raw_message.id", unique=True)
    case_id: int | None = Field(default=None, foreign_key="feedback_case.id", index=True)
    channel: str
    received_at: datetime = moment(index=True)
    sent_at: datetime | None = maybe_moment(description="the Date header, which may lie")
    sender_name: str = ""
    sender_email: str = Field(default="", index=True)
    recipients: list[str] = json_column(default_factory=list)
    subject: str = ""
    text: str = Field(default="", description="all of the body as plain text")
    new_text: str = Field(default="", description="the writer's own new words, without quotes and signature")
    has_html: bool = False
    message_id: str = Field(default="", description="the Message-ID header, or one made from the content's digest")
    content_digest: str = Field(description="SHA-256 over what the sender wrote, without what transport added")
    machine: str = Field(default="none", description="none, auto_reply, bounce, receipt, list, bulk, loop or spam")
    may_answer: bool = True
    why_not: str = Field(default="", description="why no automatic letter may be sent in answer")
    matched_by: str = Field(default="", description="the threading rule that put it on its case")
    defects: list[str] = json_column(default_factory=list)
    authentication: str = Field(default="unknown", description="pass, fail, none, temperror or unknown")
    authentication_details: list[str] = json_column(default_factory=list, description="what was found, in words")
    to_read: bool = Field(default=False, description="came to a confirmed case, and no officer has read it yet")


def opening_first(message: Any = Message) -> tuple[Any, ...]:
    """The order of a case's messages: the one that opened it, then the others as they came. One that an officer moves
    to a case never takes the place of its first, however early it came."""
    return col(message.matched_by) != OPENED, col(message.received_at), col(message.id)


class Scan(StrEnum):
    """What the virus scanner said of an attachment."""

    NOT_YET = ""
    CLEAN = "clean"
    INFECTED = "infected"
    NOT_SCANNED = "not_scanned"
    """The scanner could not, or would not, look at it; `Attachment.scan_detail` says why."""


class Attachment(SQLModel, table=True):
    """What is known of one attachment; its bytes stay in the raw message."""

    __tablename__ = "attachment"
    __table_args__ = (UniqueConstraint("message_id", "position"),)

    id: int | None = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id", index=True)
    position: int = Field(description="its place among the message's attachments, from 0")
    name: str
    content_type: str
    size: int = Field(description="bytes after decoding")
    digest: str = Field(description="SHA-256 of the decoded bytes, in hex")
    sniffed_type: str = Field(default="", description="the type that its bytes show; empty where not looked at yet")
    danger: str = Field(default="", description="why opening it may do harm, in words; empty where it seems not")
    scan: str = Field(default=Scan.NOT_YET)
    scan_detail: str = Field(default="", description="the virus's name, or why it was not scanned")


class CheckState(StrEnum):
    WAITING = "waiting"
    DONE = "done"


class AttachmentCheck(SQLModel, table=True):
    """The checking of one message's attachments: claimed by a worker under a lease, ended once."""

    __tablename__ = "attachment_check"
    __table_args__ = (Index("ix_attachment_check_queue", "state", "not_before"),)

    message_id: int = Field(primary_key=True, foreign_key="message.id")
    state: str = Field(default=CheckState.WAITING)
    attempts: int = 0
    not_before: datetime = moment(description="not to be claimed before this moment: a lease, or a pause after a fault")


class Answer(StrEnum):
    """What an officer gets of one target of a suggestion."""

    PRESELECTED = "preselected"
    """Nine in ten such are right: it is chosen in the form."""
    OFFERED = "offered"
    """The likeliest three are shown; one of them is right in nine of ten."""
    OPEN = "open"
    """The officer decides."""


class Suggestion(SQLModel, table=True):
    """What a model thinks of a message. Never a fact: a case's labels come from an officer's decision."""

    __tablename__ = "suggestion"
    __table_args__ = (UniqueConstraint("message_id", "model"),)

    id: int | None = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id", index=True)
    model: str = Field(description="the version of the model that suggested; empty where none could")
    created_at: datetime = moment()
    type: str = ""
    type_probability: float = 0.0
    category: str = ""
    category_probability: float = 0.0
    team: str = ""
    team_probability: float = 0.0
    exclusion: str = ""
    exclusion_probability: float = 0.0
    at_risk: bool = Field(default=False, index=True)
    at_risk_probability: float = 0.0
    alternatives: dict[str, list[list[Any]]] = json_column(
        default_factory=dict, description="for each target its labels with probabilities, likeliest first"
    )
    answers: dict[str, str] = json_column(
        default_factory=dict, description="for each target what the officer gets (Answer); none counts as preselected"
    )
    evidence: list[dict[str, Any]] = json_column(
        default_factory=list, description="[{text, supports}]: words that spoke for a label"
    )
    neighbours: list[dict[str, Any]] = json_column(
        default_factory=list, description="[{message, similarity}]: the most similar confirmed messages, by their ids"
    )

    def answer(self, target: str) -> Answer:
        """What the officer gets of `target`."""
        return Answer(self.answers.get(target, Answer.PRESELECTED))
