"""All tables in one place, for migrations. The tables themselves live in one file a concept."""

from sqlmodel import SQLModel

from postroom.models import (
    calendar,
    case,
    mailbox,
    message,
    officer,
    outcome,
    outgoing_mail,
    person,
    raw_message,
    stage,
)

metadata = SQLModel.metadata

__all__ = [
    "calendar",
    "case",
    "mailbox",
    "message",
    "metadata",
    "officer",
    "outcome",
    "outgoing_mail",
    "person",
    "raw_message",
    "stage",
]
