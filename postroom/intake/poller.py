"""One IMAP mailbox, read for years: what is new is stored, once, whatever server and network do."""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from imapclient import IMAPClient
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import and_, col, select

from postroom.intake import after_storing, fetch_again
from postroom.intake.backing_off import pause_after
from postroom.intake.imap_connection import connect, conversation, hang_up, idle, in_words
from postroom.intake.imap_fetch import BATCH, Fetched, Fetcher, after_last_uid, uids_from
from postroom.intake.mailbox_lease import LEASE, renewed
from postroom.intake.receive import EMAIL, Delivery, receive
from postroom.models.database import open_session
from postroom.models.failures import ConfigurationError, NotStored, PostroomError, Unreachable
from postroom.models.mailbox import CursorHold, MailboxCursor
from postroom.models.oauth import Tokens
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.models.settings import Mailbox, Settings
from postroom.models.wire import Wire

logger = logging.getLogger(__name__)

LEASE_MARGIN = 5.0
"""Seconds for which a lease is renewed after a poll should have been over."""
COMPARE_EVERY = timedelta(hours=1)
"""How often the folder is compared with the journal as a whole; also after each login."""
LONGEST_IDLE = 240.0
"""Seconds in IDLE before it is renewed: servers end it after 29 minutes, firewalls forget connections sooner."""
IDLE_FAILURES = 3
"""After so many in a row IDLE is given up, and the mailbox is polled."""


class MailboxPoller:
    """Reads one folder of one mailbox into the journal, in order of UID.

    The journal is the truth: its positions name what is stored. After a login, after a change of UIDVALIDITY and every
    hour the whole folder is compared with it, in between only UIDs that are new are looked for. What is stored is then
    flagged or moved as configured, after the commit; a crash in between is made up for by the next comparison.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        mailbox: Mailbox,
        clock: Callable[[], datetime],
        batch: int = BATCH,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._engine = engine
        self._mailbox = mailbox
        self._clock = clock
        self._chance = chance
        self._ca_file = settings.path(mailbox.ca_file) if mailbox.ca_file else None
        self._alarm_after = timedelta(minutes=settings.intake.alarm_after_minutes)
        self._wire = Wire()
        self._tokens = Tokens(mailbox.oauth, self._wire, mailbox.timeout_seconds, clock) if mailbox.oauth else None
        self._fetcher = Fetcher(settings.intake.maximum_bytes, mailbox.deadline_seconds / 2, batch)
        self._hold = CursorHold(engine, mailbox.name, mailbox.folder, uuid4().hex)
        self._client: IMAPClient | None = None
        self._validity = 0
        self._seen_uid = 0
        self._on_server = 0
        self._pending: list[int] = []
        self._unfinished: list[int] = []
        self._compared_at: datetime | None = None
        self._failures = 0
        self._not_before = self._started = clock()
        self._idle_failures = 0
        self._hampered = False
        self._alarmed = False
        self._until_next_poll = timedelta(seconds=mailbox.poll_seconds) + LEASE
        self._held_until = self._started
        self._stopping = threading.Event()

    def step(self) -> bool:
        """One poll, and where it found nothing the wait until the next one."""
        worked = self.process_one()
        if not worked:
            self._wait()
        return worked

    def process_one(self) -> bool:
        """Store the next batch; True where there was one. False where nothing is new, another poller reads the mailbox,
        or it is left alone after a failure.

        Takes `deadline_seconds` at most. Raises one of our failures, written into the cursor first; the next calls do
        nothing until the pause after it is over.
        """
        now = self._clock()
        cursor = self._hold.read()
        if self._stopping.is_set() or now < self._not_before:
            self._watch(cursor, now)
            return False
        if not self._held(now):
            self._disconnect()
            self._watch(cursor, now)
            return False
        try:
            with (
                renewed(self._hold, self._clock, self._mailbox.deadline_seconds + LEASE_MARGIN),
                self._wire.deadline(self._mailbox.deadline_seconds),
            ):
                worked = self._poll(cursor, now)
        except PostroomError as error:
            self._disconnect()
            if self._stopping.is_set():
                return False
            self._failures += 1
            self._not_before = now + pause_after(error, self._failures, self._chance())
            self._watch(cursor, now)
            self._hold.record(error=str(error))
            raise
        self._failures = 0
        self._watch(cursor.model_copy(update={"read_at": now}), now)
        return worked

    def _held(self, now: datetime) -> bool:
        """Whether the mailbox is ours. What a poll writes renews the hold: a backlog commits less."""
        if now + LEASE <= self._held_until:
            return True
        return self._hold.take(now, LEASE)

    def stop(self) -> None:
        """End whatever another thread waits for in here, now and from now on."""
        self._stopping.set()
        self._wire.stop()

    def close(self) -> None:
        """Log out and let another poller have the mailbox."""
        self._disconnect(politely=True)
        self._held_until = self._started
        self._hold.release()

    def _poll(self, cursor: MailboxCursor, now: datetime) -> bool:
        client = self._looked(cursor, now)
        fetched: list[Fetched] = []
        if self._pending:
            with conversation(self._mailbox.name, self._wire):
                fetched = self._fetcher.fetch(client, self._pending)
        receive(self._engine, [self._delivery(one, one.content) for one in fetched if one.content is not None], now)
        dealt_with = {one.uid for one in fetched}
        worked = bool(self._pending) or self._fetch_again(client, now)
        self._pending = [uid for uid in self._pending if uid not in dealt_with]
        self._unfinished += [one.uid for one in fetched if one.is_whole]
        last_uid = max(dealt_with, default=0)
        until = self._clock() + self._until_next_poll
        held = self._hold.record(
            held_until=until,
            uid_validity=self._validity,
            last_uid=max(last_uid, cursor.last_uid) if cursor.uid_validity == self._validity else last_uid,
            missing=len(self._pending),
            read_at=now,
            **self._finished(client, cursor),
        )
        self._held_until = until if held else now
        return worked

    def _fetch_again(self, client: IMAPClient, now: datetime) -> bool:
        """Ask for all of a message of which a part is in the holding pen; whether there was one to ask for."""
        part = fetch_again.due(self._engine, self._source, self._position(self._validity, ""), now)
        if part is None:
            return False
        fetch_again.put_off(self._engine, part, now)
        with conversation(self._mailbox.name, self._wire):
            fetched = self._fetcher.fetch_again(client, part.uid)
        for one in fetched:
            if one.content is None:
                fetch_again.note(self._engine, part, "Not all of it is here, and it is in the mailbox no longer.")
            elif not one.is_whole:
                fetch_again.note(self._engine, part, one.held_because)
            else:
                whole = replace(self._delivery(one, one.content), position=part.position + fetch_again.WHOLE)
                (number,) = receive(self._engine, [whole], now)
                fetch_again.supersede(self._engine, part, number, now)
                self._unfinished.append(one.uid)
        if not fetched:
            fetch_again.go_on(self._engine, part, now)
        return True

    def _looked(self, cursor: MailboxCursor, now: datetime) -> IMAPClient:
        """A client with the folder selected, and what is in it known. A connection that was kept may be gone: then one
        more is made.
        """
        if self._client is not None:
            try:
                return self._look(self._client, cursor, now)
            except Unreachable:
                self._disconnect()
        with conversation(self._mailbox.name, self._wire):
            self._client = connect(self._wire, self._mailbox, self._ca_file, self._tokens)
        return self._look(self._client, cursor, now)

    def _look(self, client: IMAPClient, cursor: MailboxCursor, now: datetime) -> IMAPClient:
        compared_lately = self._compared_at is not None and now - self._compared_at < COMPARE_EVERY
        if self._pending and compared_lately:
            return client
        with conversation(self._mailbox.name, self._wire):
            folder = client.select_folder(self._mailbox.folder, readonly=self._mailbox.after_storing == "leave")
            validity, self._on_server = int(folder[b"UIDVALIDITY"]), int(folder[b"EXISTS"])
            next_uid = int(folder.get(b"UIDNEXT", 0)) or after_last_uid(client)
            anew = validity != self._validity or not compared_lately
            present = uids_from(client, 1 if anew else self._seen_uid + 1, next_uid) if self._on_server else set()
        if anew:
            self._compare(validity, present, cursor, now)
        else:
            self._pending = sorted(present)
        self._seen_uid = max(next_uid - 1, 0)
        return client

    def _compare(self, validity: int, present: set[int], cursor: MailboxCursor, now: datetime) -> None:
        """What of the whole folder is not in the journal yet, and what is stored but not flagged or moved yet."""
        if validity != self._validity:
            self._fetcher.forget()
        stored, late = self._stored(validity)
        done = cursor.done_uid if cursor.uid_validity == validity else 0
        self._pending = sorted(present - stored.keys())
        self._unfinished = sorted(uid for uid in present & stored.keys() if stored[uid] and (uid > done or uid in late))
        self._validity, self._compared_at = validity, now

    def _stored(self, validity: int) -> tuple[dict[int, bool], set[int]]:
        """The UIDs in the journal, and whether each is there as a whole: what was held as it came in is not. And those
        that became whole later."""
        held = and_(Filing.state == FilingState.HELD, col(Filing.ended_at) == RawMessage.received_at)
        query = (
            select(RawMessage.position, held)
            .join(Filing, col(Filing.raw_message_id) == RawMessage.id)
            .where(RawMessage.source == self._source)
            .where(col(RawMessage.position).startswith(self._position(validity, ""), autoescape=True))
        )
        stored: dict[int, bool] = {}
        late: set[int] = set()
        try:
            with open_session(self._engine, read_only=True) as session:
                for position, is_part in session.exec(query):
                    uid = fetch_again.uid_of(position)
                    stored[uid] = stored.get(uid, False) or not is_part
                    if position.endswith(fetch_again.WHOLE):
                        late.add(uid)
        except SQLAlchemyError as error:
            raise NotStored("What is stored could not be looked up; the mailbox is read later.") from error
        return stored, late

    def _finished(self, client: IMAPClient, cursor: MailboxCursor) -> dict[str, int | str]:
        """Flag or move what is stored, and say for the cursor how that went: a fault there never keeps mail waiting."""
        problem = ""
        uids = sorted(self._unfinished) if self._mailbox.after_storing != "leave" else []
        done = cursor.done_uid if cursor.uid_validity == self._validity else 0
        try:
            with conversation(self._mailbox.name, self._wire):
                problem = self._carry_out(client, uids)
        except ConfigurationError as error:
            problem = str(error)
        if problem and not self._hampered:
            logger.error("mailbox %s: %s", self._mailbox.name, problem)
        self._hampered = bool(problem)
        if not problem:
            self._unfinished = []
            done = max([done, *uids])
            self._on_server -= len(uids) if self._mailbox.after_storing == "move" else 0
        return {"done_uid": done, "error": problem, "on_server": max(self._on_server, 0)}

    def _carry_out(self, client: IMAPClient, uids: list[int]) -> str:
        try:
            after_storing.carry_out(client, self._mailbox, uids)
        except IMAPClient.AbortError:
            raise
        except IMAPClient.Error as error:  # the server said no, and the connection is as good as before
            done = "flagged" if self._mailbox.after_storing == "flag" else "moved"
            return f"stored messages could not be {done} on the server: {in_words(error)}"
        return ""

    def _delivery(self, fetched: Fetched, content: bytes) -> Delivery:
        return Delivery(
            source=self._source,
            position=self._position(self._validity, str(fetched.uid)),
            channel=EMAIL,
            content=content,
            held_because=fetched.held_because,
        )

    @property
    def _source(self) -> str:
        return f"imap:{self._mailbox.name}"

    def _position(self, validity: int, uid: str) -> str:
        return f"{self._mailbox.folder}/{validity}/{uid}"

    def _disconnect(self, *, politely: bool = False) -> None:
        client, self._client = self._client, None
        self._pending, self._compared_at = [], None
        if client is not None:
            hang_up(client, politely=politely)
        self._wire.release()

    def _wait(self) -> None:
        """Until it is time for the next poll, or the server says that something happened."""
        pause = (self._not_before - self._clock()).total_seconds()
        seconds = self._mailbox.poll_seconds if pause <= 0 else min(pause, self._mailbox.poll_seconds)
        if self._client is not None and self._may_idle(self._client):
            self._idle(self._client, min(seconds, LONGEST_IDLE))
        else:
            self._stopping.wait(seconds)

    def _may_idle(self, client: IMAPClient) -> bool:
        return self._mailbox.idle and self._idle_failures < IDLE_FAILURES and bool(client.has_capability("IDLE"))

    def _idle(self, client: IMAPClient, seconds: float) -> None:
        try:
            with (
                self._wire.deadline(seconds + 2 * self._mailbox.timeout_seconds),
                conversation(self._mailbox.name, self._wire),
            ):
                idle(client, seconds)
            self._idle_failures = 0
        except PostroomError as error:  # a hint that failed; whether the server is well the next poll will say
            logger.info("IDLE ended: %s", error)
            self._idle_failures += 1
            self._disconnect()

    def _watch(self, cursor: MailboxCursor, now: datetime) -> None:
        """Say once, aloud, when the mailbox has not been read for too long, and once when it is read again."""
        last = max(cursor.read_at or self._started, self._started)
        late = now - last >= self._alarm_after
        name = f"{self._mailbox.name}/{self._mailbox.folder}"
        if late and not self._alarmed:
            logger.error("ALARM: mailbox %s has not been read since %s: %s", name, last.isoformat(), cursor.error)
        if self._alarmed and not late:
            logger.warning("mailbox %s is read again", name)
        self._alarmed = late
