"""The processes of Postroom: which daemons there are, and how they run together in one process or each alone.

A daemon is one step in a loop; the step says whether there was work. Where there was none it waits, and where it failed
it waits longer: a fault in one never stops another.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from postroom.models.failures import ConfigurationError, PostroomError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from postroom.models.settings import Settings

logger = logging.getLogger(__name__)

IDLE_SECONDS = 0.5
LETTERS_SECONDS = 5.0
"""How long after it is owed a letter may be written."""
FAILED_SECONDS = 5.0
WEBHOOK_SECONDS = 2.0
LOOK_SECONDS = 60.0
STOP_SECONDS = 20.0

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The clock of the real world."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Daemon:
    """A step that is repeated; `idle_seconds` is the wait after a step that found no work."""

    name: str
    step: Callable[[], bool]
    idle_seconds: float = IDLE_SECONDS
    close: Callable[[], None] = lambda: None
    interrupt: Callable[[], None] = lambda: None
    """Ends a step that waits for somebody else, from another thread."""

    def run(self, stop: threading.Event) -> None:
        """Repeat the step until `stop` is set."""
        try:
            while not stop.is_set():
                stop.wait(self._once())
        finally:
            self.close()

    def _once(self) -> float:
        """One step; returns the seconds to wait before the next."""
        try:
            return 0.0 if self.step() else self.idle_seconds
        except PostroomError as error:
            logger.log(logging.ERROR if error.permanent else logging.WARNING, "%s: %s", self.name, error)
        except Exception:
            logger.exception("%s: a step failed and will be tried again", self.name)
        return max(FAILED_SECONDS, self.idle_seconds)


def pollers(engine: Engine, settings: Settings, clock: Clock) -> list[Daemon]:
    """One daemon for each mailbox, so that one that fails never stops another."""
    from postroom.intake.poller import MailboxPoller

    daemons = []
    for mailbox in settings.intake.mailboxes:
        poller = MailboxPoller(engine, settings, mailbox, clock)
        daemons.append(Daemon(f"poller {mailbox.name}", poller.step, 0.0, poller.close, poller.stop))
    return daemons


def workers(engine: Engine, settings: Settings, clock: Clock) -> list[Daemon]:
    """Filing, looking at attachments, suggesting, looking for copies and second matters, and sending."""
    from postroom.intake import attachment_scanning, filing
    from postroom.notifications import delivery, webhooks
    from postroom.notifications.transports import transport_for
    from postroom.triage import second_look
    from postroom.triage import worker as suggesting
    from postroom.triage.champion import Champion

    champion = Champion(engine, settings)
    look = second_look.SecondLook(engine, settings, lambda: champion.current().suggester)
    transport = transport_for(settings)
    if settings.intake.clamd is not None:
        attachment_scanning.scan_what_was_not(engine, clock())
    return [
        Daemon("filing", lambda: filing.process_one(engine, settings, clock())),
        Daemon("attachments", lambda: attachment_scanning.scan_one(engine, settings, clock())),
        Daemon("suggesting", lambda: suggesting.suggest_by(champion, engine, settings, clock())),
        Daemon("second look", lambda: look.process_one(clock()), second_look.IDLE_SECONDS),
        Daemon("webhooks", lambda: webhooks.process_one(engine, settings, clock()), WEBHOOK_SECONDS),
        Daemon("delivery", lambda: delivery.process_one(engine, settings, transport, clock())),
    ]


def schedulers(engine: Engine, settings: Settings, clock: Clock) -> list[Daemon]:
    """Writing what is owed, and what is done at set times."""
    from postroom.notifications import acknowledgements, scheduler

    return [
        Daemon("letters", lambda: acknowledgements.process_one(engine, settings, clock()), LETTERS_SECONDS),
        Daemon("scheduler", lambda: scheduler.process_one(engine, settings, clock()), scheduler.IDLE_SECONDS),
    ]


def learners(engine: Engine, settings: Settings, clock: Clock) -> list[Daemon]:
    """What learns from officers' confirmations. It looks each minute, and trains in a process of its own."""
    from postroom.triage.learning import Learner

    learner = Learner(engine, settings, clock)
    return [Daemon("learning", learner.step, LOOK_SECONDS, interrupt=learner.stop)]


@contextmanager
def running_daemons(daemons: Sequence[Daemon]) -> Iterator[None]:
    """The daemons, each in a thread, until the block ends; then each ends its step and stops."""
    stop = threading.Event()
    threads = [threading.Thread(target=daemon.run, args=(stop,), name=daemon.name, daemon=True) for daemon in daemons]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for daemon in daemons:
            daemon.interrupt()
        for thread in threads:
            thread.join(STOP_SECONDS)


@contextmanager
def running_receiver(engine: Engine, settings: Settings, clock: Clock) -> Iterator[None]:
    """The SMTP receiver, until the block ends."""
    from postroom.intake import smtp_receiver

    receiver = smtp_receiver.start(settings, engine, clock)
    try:
        yield
    finally:
        receiver.stop()


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A listening socket. Raises `ConfigurationError` naming `setting` where the port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            [f"{setting}: can't listen on {host} port {port}: {error.strerror}. Set another port there."]
        ) from None
    return listener


@contextmanager
def running_desk(app: object, settings: Settings) -> Iterator[None]:
    """The desk, until the block ends."""
    from postroom.desk.serving import server_for

    listener = listen(settings.desk.host, settings.desk.port, "desk.port")
    server = server_for(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="desk", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
        listener.close()


@contextmanager
def everything(engine: Engine, settings: Settings, app: object, clock: Clock = utc_now) -> Iterator[None]:
    """All of Postroom in this process, until the block ends. What comes in stops first and the desk last."""
    with ExitStack() as stack:
        stack.enter_context(running_desk(app, settings))
        stack.enter_context(running_daemons([*workers(engine, settings, clock), *learners(engine, settings, clock)]))
        stack.enter_context(running_daemons(schedulers(engine, settings, clock)))
        stack.enter_context(running_receiver(engine, settings, clock))
        stack.enter_context(running_daemons(pollers(engine, settings, clock)))
        yield
