"""How far each mailbox has been read."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from postroom.models.columns import maybe_moment


class MailboxCursor(SQLModel, table=True):
    """The position in one folder of one mailbox (RFC 3501 2.3.1.1), and who reads it now.

    UIDs only mean something within their UIDVALIDITY; when that changes the folder is read again from the start.
    """

    __tablename__ = "mailbox_cursor"

    mailbox: str = Field(primary_key=True, description="the mailbox's name in the configuration")
    folder: str = Field(primary_key=True)
    uid_validity: int = 0
    last_uid: int = Field(default=0, description="every UID up to this one is stored")
    on_server: int = Field(default=0, description="messages in the folder at the last read")
    read_at: datetime | None = maybe_moment(description="the last read that went well")
    error: str = Field(default="", description="why the last read failed; empty where it went well")
    held_by: str = Field(default="", description="the poller that reads it")
    held_until: datetime | None = maybe_moment()
