"""Fixtures of the intake: IMAP servers, an SMTP receiver, and deliveries."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import select

from postroom.intake import smtp_receiver
from postroom.intake.filing import process_one
from postroom.intake.receive import Delivery, receive
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.raw_message import Filing, RawMessage
from postroom.models.settings import Settings
from tests.intake.polling import Pollers, SetClock
from tests.servers import dovecot, pymap
from tests.servers.imap_server import PASSWORD_VARIABLE, ImapServer


@pytest.fixture(scope="session")
def running_pymap() -> Iterator[ImapServer]:
    with pymap.pymap_server() as server:
        yield server


@pytest.fixture(scope="session")
def running_dovecot() -> Iterator[dovecot.Dovecot]:
    if not dovecot.is_installed():
        if os.environ.get("CI"):
            pytest.fail(dovecot.HOW_TO_INSTALL)
        pytest.skip(dovecot.HOW_TO_INSTALL)
    with dovecot.dovecot_server() as server:
        yield server


@pytest.fixture(params=["running_pymap", pytest.param("running_dovecot", marks=pytest.mark.dovecot)])
def imap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ImapServer:
    """An IMAP server whose folder is empty: once pymap, once Dovecot."""
    server: ImapServer = request.getfixturevalue(request.param)
    server.start_folder()
    monkeypatch.setenv(PASSWORD_VARIABLE, server.password)
    return server


@pytest.fixture
def dovecot_only(running_dovecot: dovecot.Dovecot, monkeypatch: pytest.MonkeyPatch) -> dovecot.Dovecot:
    """Dovecot, its folder empty."""
    running_dovecot.start_folder()
    monkeypatch.setenv(PASSWORD_VARIABLE, running_dovecot.password)
    return running_dovecot


@pytest.fixture
def clock(now: datetime) -> SetClock:
    return SetClock(now)


@pytest.fixture
def pollers(sqlite: Engine, settings: Settings, clock: SetClock) -> Iterator[Pollers]:
    made = Pollers(sqlite, settings, clock)
    yield made
    for poller in made.made:
        poller.close()


class Post:
    """Brings mail in and files it."""

    def __init__(self, engine: Engine, settings: Settings, now: datetime) -> None:
        self.engine, self.settings, self.now = engine, settings, now
        self._count = 0

    def bring(self, content: bytes, source: str = "imap:feedback", **envelope: object) -> int:
        """Receive a mail, and return its number in the journal."""
        self._count += 1
        delivery = Delivery(source, f"INBOX/1/{self._count}", "email", content, **envelope)  # type: ignore[arg-type]
        return receive(self.engine, [delivery], self.now)[0]

    def file(self, content: bytes, source: str = "imap:feedback", **envelope: object) -> Filing:
        """Receive a mail, file all that waits, and return how that of this mail ended."""
        number = self.bring(content, source, **envelope)
        while process_one(self.engine, self.settings, self.now):
            pass
        return self.filing(number)

    def filing(self, number: int) -> Filing:
        with open_session(self.engine, read_only=True) as session:
            return session.get_one(Filing, number)

    def message(self, filing: Filing) -> Message:
        with open_session(self.engine, read_only=True) as session:
            return session.exec(select(Message).where(Message.raw_message_id == filing.raw_message_id)).one()


@pytest.fixture
def post(engine: Engine, settings: Settings, now: datetime) -> Post:
    return Post(engine, settings, now)


@contextmanager
def without_table(engine: Engine, table: str) -> Iterator[None]:
    """A database that fails: one of its tables is away."""
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO gone"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE gone RENAME TO {table}"))


Start = Callable[..., smtp_receiver.Receiver]


@pytest.fixture
def start(settings: Settings, sqlite: Engine, now: datetime) -> Iterator[Start]:
    """Starts receivers on any free port, and stops them."""
    running: list[smtp_receiver.Receiver] = []

    def go(maximum_bytes: int = 1_000_000, **smtp: Any) -> smtp_receiver.Receiver:
        changed = settings.intake.smtp.model_copy(update={"port": 0} | smtp)
        intake = settings.intake.model_copy(update={"smtp": changed, "maximum_bytes": maximum_bytes})
        running.append(smtp_receiver.start(settings.model_copy(update={"intake": intake}), sqlite, lambda: now))
        return running[-1]

    yield go
    for receiver in running:
        receiver.stop()


def stored(engine: Engine) -> list[RawMessage]:
    with open_session(engine) as session:
        return list(session.exec(select(RawMessage)))
