"""One IMAP mailbox, read by polling. Looking changes nothing on the server: no flag is set and nothing is moved."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from imapclient import IMAPClient, SocketTimeout
from sqlalchemy import Engine, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, or_

from postroom.intake.charsets import clean_line
from postroom.intake.receive import EMAIL, Delivery, receive
from postroom.models.database import open_session
from postroom.models.failures import PostroomError, Temporary, Unreachable
from postroom.models.mailbox import MailboxCursor
from postroom.models.settings import Mailbox, Settings

BATCH = 50
"""Messages fetched at once."""
BATCH_BYTES = 33_554_432
"""Bytes fetched at once, unless a single message is larger."""
LEASE = timedelta(minutes=10)
"""How long a poller holds its mailbox without a sign of life; longer than any one step takes."""


@dataclass(frozen=True)
class _Fetched:
    content: bytes
    held_because: str = ""


class MailboxPoller:
    """Reads one folder of one mailbox into the journal, in order of UID.

    The cursor (UIDVALIDITY and the highest UID that is stored) moves only after the messages are committed. When the
    server changes UIDVALIDITY the folder is read again from the start; filing finds what it knows already.
    """

    def __init__(
        self, engine: Engine, settings: Settings, mailbox: Mailbox, clock: Callable[[], datetime], batch: int = BATCH
    ) -> None:
        self._engine = engine
        self._mailbox = mailbox
        self._maximum_bytes = settings.intake.maximum_bytes
        self._clock = clock
        self._batch = batch
        self._holder = uuid4().hex
        self._client: IMAPClient | None = None

    def process_one(self) -> bool:
        """Store the next batch; True where there was one. False where nothing is new or another poller reads it.

        Raises `Unreachable` or `NotStored`, written into the cursor first; the caller waits and calls again.
        """
        if not self._hold():
            return False
        try:
            return self._read_batch()
        except Temporary as error:
            self._disconnect()
            self._record(error=str(error))
            raise

    def close(self) -> None:
        """Log out and let another poller have the mailbox."""
        self._disconnect()
        self._record(held_by="", held_until=None)

    def _read_batch(self) -> bool:
        with self._conversation():
            client = self._connected()
            folder = client.select_folder(self._mailbox.folder, readonly=True)
            validity, on_server = int(folder[b"UIDVALIDITY"]), int(folder[b"EXISTS"])
        last_uid = self._last_uid(validity)
        with self._conversation():
            uids = self._new_uids(client, last_uid) if on_server else []
            sizes = self._sizes(client, uids[: self._batch])
            batch = _within(sizes, self._maximum_bytes)
            deliveries = [self._delivery(validity, uid, fetched) for uid, fetched in self._fetch(client, batch)]
        receive(self._engine, deliveries, self._clock())
        self._record(
            uid_validity=validity,
            last_uid=max(batch, default=last_uid),
            on_server=on_server,
            read_at=self._clock(),
            error="",
        )
        return bool(batch)

    def _new_uids(self, client: IMAPClient, last_uid: int) -> list[int]:
        found = client.search(
            ["UID", f"{last_uid + 1}:*"]
        )  # always names the last message, new or not (RFC 3501 6.4.8)
        return sorted(int(uid) for uid in found if uid > last_uid)

    def _sizes(self, client: IMAPClient, uids: list[int]) -> dict[int, int]:
        """The size of each message. One that was expunged since the search is left out with its UID."""
        fetched = client.fetch(uids, ["RFC822.SIZE"]) if uids else {}
        return {uid: int(fetched[uid].get(b"RFC822.SIZE", 0)) if uid in fetched else 0 for uid in uids}

    def _fetch(self, client: IMAPClient, sizes: dict[int, int]) -> Iterator[tuple[int, _Fetched]]:
        whole = [uid for uid, size in sizes.items() if size <= self._maximum_bytes]
        large = [uid for uid, size in sizes.items() if size > self._maximum_bytes]
        bodies: dict[int, Any] = client.fetch(whole, ["BODY.PEEK[]"]) if whole else {}
        heads: dict[int, Any] = client.fetch(large, ["BODY.PEEK[HEADER]"]) if large else {}
        for uid, size in sizes.items():
            if uid in bodies and bodies[uid].get(b"BODY[]") is not None:
                yield uid, _Fetched(bodies[uid][b"BODY[]"])
            elif uid in heads:
                reason = (
                    f"It is too large ({size:,} bytes): only its headers are here, the whole is still in the mailbox."
                )
                yield uid, _Fetched(heads[uid].get(b"BODY[HEADER]") or b"", reason)
            elif uid in bodies:
                yield uid, _Fetched(b"", "The mail server lists it but gave no content; it is still in the mailbox.")

    def _delivery(self, validity: int, uid: int, fetched: _Fetched) -> Delivery:
        return Delivery(
            source=f"imap:{self._mailbox.name}",
            position=f"{self._mailbox.folder}/{validity}/{uid}",
            channel=EMAIL,
            content=fetched.content,
            held_because=fetched.held_because,
        )

    def _connected(self) -> IMAPClient:
        if self._client is None:
            seconds = self._mailbox.timeout_seconds
            client = IMAPClient(
                self._mailbox.host,
                port=self._mailbox.port,
                ssl=self._mailbox.tls,
                ssl_context=ssl.create_default_context() if self._mailbox.tls else None,
                timeout=SocketTimeout(connect=seconds, read=seconds),
            )
            self._client = client
            client.login(self._mailbox.user, self._mailbox.password.read())
        return self._client

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):  # it is given up anyway
                client.logout()
            with suppress(Exception):
                client.shutdown()

    @contextmanager
    def _conversation(self) -> Iterator[None]:
        """Whatever goes wrong while talking to the server, the network and odd answers included, is `Unreachable`."""
        try:
            yield
        except PostroomError:
            raise
        except Exception as error:
            raise Unreachable(f"{self._mailbox.name}: {_in_words(error)}") from error

    def _hold(self) -> bool:
        """Take or renew the lease on the mailbox; False where another poller has it."""
        now = self._clock()
        self._make_cursor()
        free = or_(
            col(MailboxCursor.held_by).in_(["", self._holder]),
            col(MailboxCursor.held_until).is_(None),
            col(MailboxCursor.held_until) < now,
        )
        with open_session(self._engine) as session:
            taken = session.connection().execute(
                update(MailboxCursor).where(*self._row(), free).values(held_by=self._holder, held_until=now + LEASE)
            )
            session.commit()
        return taken.rowcount == 1

    def _make_cursor(self) -> None:
        with open_session(self._engine, read_only=True) as session:
            if session.get(MailboxCursor, (self._mailbox.name, self._mailbox.folder)) is not None:
                return
        with suppress(IntegrityError), open_session(self._engine) as session:  # another poller may make it first
            session.add(MailboxCursor(mailbox=self._mailbox.name, folder=self._mailbox.folder))
            session.commit()

    def _last_uid(self, validity: int) -> int:
        """The highest UID that is stored; 0 where the server began to count anew."""
        with open_session(self._engine, read_only=True) as session:
            cursor = session.get_one(MailboxCursor, (self._mailbox.name, self._mailbox.folder))
        return cursor.last_uid if cursor.uid_validity == validity else 0

    def _record(self, **values: Any) -> None:
        """Write into the cursor, unless another poller took the mailbox over in the meantime."""
        with open_session(self._engine) as session:
            session.connection().execute(
                update(MailboxCursor).where(*self._row(), col(MailboxCursor.held_by) == self._holder).values(**values)
            )
            session.commit()

    def _row(self) -> tuple[Any, Any]:
        return col(MailboxCursor.mailbox) == self._mailbox.name, col(MailboxCursor.folder) == self._mailbox.folder


def _within(sizes: dict[int, int], maximum_bytes: int) -> dict[int, int]:
    """The first of `sizes` that are fetched together: as many as fit, and at least one."""
    batch: dict[int, int] = {}
    total = 0
    for uid, size in sizes.items():
        total += size if size <= maximum_bytes else 0
        if batch and total > BATCH_BYTES:
            break
        batch[uid] = size
    return batch


def _in_words(error: Exception) -> str:
    text = clean_line(str(error))[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
