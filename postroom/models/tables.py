"""All tables in one place, for migrations. The tables themselves live in one file a concept."""

from sqlmodel import SQLModel

from postroom.models import case, mailbox, message, officer, outgoing_mail, raw_message, trained_model

metadata = SQLModel.metadata

__all__ = ["case", "mailbox", "message", "metadata", "officer", "outgoing_mail", "raw_message", "trained_model"]
