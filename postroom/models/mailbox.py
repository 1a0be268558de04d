"""How far each mailbox has been read, and who reads it now."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Engine, update
from sqlmodel import Field, SQLModel, col, or_, select

from postroom.models.columns import maybe_moment
from postroom.models.database import open_session
from postroom.models.inserting import insert_into


class MailboxCursor(SQLModel, table=True):
    """The position in one folder of one mailbox (RFC 3501 2.3.1.1), and who reads it now.

    UIDs only mean something within their UIDVALIDITY; when that changes the folder is read again from the start.
    The journal says what is stored; this row only spares looking there at each poll.
    """

    __tablename__ = "mailbox_cursor"

    mailbox: str = Field(primary_key=True, description="the mailbox's name in the configuration")
    folder: str = Field(primary_key=True)
    uid_validity: int = Field(default=0, sa_type=BigInteger)
    last_uid: int = Field(default=0, sa_type=BigInteger, description="the highest UID that is stored")
    done_uid: int = Field(
        default=0, sa_type=BigInteger, description="all stored up to this UID were flagged or moved, where configured"
    )
    on_server: int = Field(default=0, description="messages in the folder at the last read")
    missing: int = Field(default=0, description="of these, how many were not stored yet")
    read_at: datetime | None = maybe_moment(description="the last read that went well")
    error: str = Field(default="", description="what went wrong at the last read; empty where nothing did")
    held_by: str = Field(default="", description="the poller that reads it")
    held_until: datetime | None = maybe_moment()


class CursorHold:
    """One poller's hold on one cursor: a lease that only one has at a time."""

    def __init__(self, engine: Engine, mailbox: str, folder: str, holder: str) -> None:
        self._engine = engine
        self._key = (mailbox, folder)
        self._holder = holder
        self._row = (col(MailboxCursor.mailbox) == mailbox, col(MailboxCursor.folder) == folder)

    def take(self, now: datetime, lease: timedelta) -> bool:
        """Take or renew the hold until `now + lease`; False where another poller has it."""
        free = or_(
            col(MailboxCursor.held_by).in_(["", self._holder]),
            col(MailboxCursor.held_until).is_(None),
            col(MailboxCursor.held_until) < now,
        )
        return self._update(free, held_by=self._holder, held_until=now + lease)

    def record(self, **values: Any) -> bool:
        """Write into the cursor; False, and nothing written, where another poller has the mailbox by now."""
        return self._update(col(MailboxCursor.held_by) == self._holder, **values)

    def release(self) -> None:
        """Let another poller have the mailbox."""
        self.record(held_by="", held_until=None)

    def read(self) -> MailboxCursor:
        """The cursor as it stands; made where there was none."""
        while True:
            with open_session(self._engine, read_only=True) as session:
                cursor = session.exec(select(MailboxCursor).where(*self._row)).first()
            if cursor is not None:
                return cursor
            self._make()

    def _make(self) -> None:
        fresh = MailboxCursor(mailbox=self._key[0], folder=self._key[1]).model_dump()
        with open_session(self._engine) as session:
            statement = insert_into(MailboxCursor, self._engine.dialect.name).on_conflict_do_nothing()
            session.connection().execute(statement, fresh)
            session.commit()

    def _update(self, condition: Any, **values: Any) -> bool:
        with open_session(self._engine) as session:
            changed = session.connection().execute(update(MailboxCursor).where(*self._row, condition).values(**values))
            session.commit()
        return bool(changed.rowcount == 1)
