"""All tables in one place, for migrations. The tables themselves live in one file a concept."""

from sqlmodel import SQLModel

from postroom.models import (
    calendar,
    campaign,
    case,
    desk_work,
    following,
    interface,
    mailbox,
    message,
    note,
    officer,
    outcome,
    outgoing_mail,
    person,
    raw_message,
    schedule,
    sign_in,
    stage,
    trained_model,
)

metadata = SQLModel.metadata

_IN_OTHER_WORDS = ("search_", "ix_message_unread")
"""What full-text search needs, and the index by which the few messages that nobody has read are found."""


def compared(name: str | None, kind: str, _parents: object = None) -> bool:
    """Whether a table or index of a database is one that the code declares. Some differ between the databases, so that
    a migration makes them in each one's own words."""
    return not (name or "").startswith(_IN_OTHER_WORDS) or kind not in ("table", "index")


__all__ = [
    "calendar",
    "campaign",
    "case",
    "compared",
    "desk_work",
    "following",
    "interface",
    "mailbox",
    "message",
    "metadata",
    "note",
    "officer",
    "outcome",
    "outgoing_mail",
    "person",
    "raw_message",
    "schedule",
    "sign_in",
    "stage",
    "trained_model",
]
