"""What tests of mailboxes share: a clock that is set, mails with numbers, and what is stored of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Thread
from time import monotonic
from typing import Any

from sqlalchemy import Engine
from sqlmodel import col, select

from postroom.intake.poller import MailboxPoller
from postroom.models.database import open_session
from postroom.models.failures import PostroomError
from postroom.models.mailbox import MailboxCursor
from postroom.models.raw_message import Filing, RawMessage
from postroom.models.settings import Mailbox, Settings
from tests.intake.mails import mail


class SetClock:
    """Stands still until it is set forward."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


class Pollers:
    """Makes pollers over one database and one clock, and closes them."""

    def __init__(self, engine: Engine, settings: Settings, clock: SetClock) -> None:
        self.engine, self.settings, self.clock = engine, settings, clock
        self.made: list[MailboxPoller] = []

    def __call__(self, mailbox: Mailbox, batch: int = 50, **intake: Any) -> MailboxPoller:
        changed = self.settings.intake.model_copy(update=intake)
        settings = self.settings.model_copy(update={"intake": changed})
        self.made.append(MailboxPoller(self.engine, settings, mailbox, self.clock, batch, chance=lambda: 0.5))
        return self.made[-1]

    def drained(self, poller: MailboxPoller, tries: int = 200) -> list[str]:
        """Poll until nothing is new, over failures and the pauses after them; what the failures said."""
        said = []
        for _ in range(tries):
            try:
                if not poller.process_one():
                    return said
            except PostroomError as error:
                said.append(str(error))
                self.clock.forward(hours=2)
        raise AssertionError(f"not drained after {tries} polls; failures: {said[-3:]}")

    def raw(self) -> list[RawMessage]:
        with open_session(self.engine) as session:
            return list(session.exec(select(RawMessage).order_by(col(RawMessage.id))))

    def contents(self) -> list[bytes]:
        return [raw.content for raw in self.raw()]

    def filings(self) -> list[Filing]:
        with open_session(self.engine) as session:
            return list(session.exec(select(Filing).order_by(col(Filing.raw_message_id))))

    @property
    def cursor(self) -> MailboxCursor:
        with open_session(self.engine) as session:
            return session.exec(select(MailboxCursor)).one()


def numbered(number: int, text: str = "") -> bytes:
    text = text or f"Message {number}"
    return mail(text, Subject=f"Number {number}", Message_ID=f"<{number}@home.example>")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """The block must end within so many seconds of real time."""
    began = monotonic()
    yield
    took = monotonic() - began
    assert took < seconds, f"took {took:.1f} seconds"


@contextmanager
def in_background(work: Callable[[], object]) -> Iterator[Thread]:
    """`work` in a thread, which must have ended at most 10 seconds after the block."""
    thread = Thread(target=work, daemon=True)
    thread.start()
    yield thread
    thread.join(10)
    assert not thread.is_alive()
