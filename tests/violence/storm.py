"""Mail that comes in while whatever takes it in is killed with SIGKILL, again and again, and what must be true after.

The receiver, the poller and the worker are `postroom` processes as people run them. A killed process leaves no time to
tidy up: whatever it had not committed is gone, whatever it had committed is there, and the next one goes on from that.
"""

import random
import smtplib
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlmodel import col, select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.failures import Temporary
from postroom.models.message import Message, Suggestion
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.notifications import scheduler
from postroom.processes import utc_now
from tests.commands import COMMAND
from tests.journeys.council import Council
from tests.servers.imap_server import ImapServer
from tests.waiting import wait_for

DIES_WHILE_STARTING = 0.2
"""How often a process is killed before it is ready."""
LONGEST_LIFE = 1.5
"""Seconds that a process lives at most once it is ready."""
KILLED_ON_250 = 0.05
"""How often the receiver is killed the moment that it has said 250."""
CONFIRMED_TOGETHER = 50


@dataclass(frozen=True)
class Force:
    """How much of it. The same `seed` gives the same mails, pauses and lives."""

    messages: int
    seconds: float
    """In which they come, more or less."""
    kills: int
    """Of each process; then it is let live."""
    seed: int = 20260304


@dataclass(frozen=True)
class Mail:
    """One mail of a resident of its own, or of their automatic answer. Some come by SMTP and IMAP both."""

    number: int

    @property
    def by_smtp(self) -> bool:
        return self.number % 5 < 3

    @property
    def by_imap(self) -> bool:
        return self.number % 5 >= 3 or self.number % 10 == 0

    @property
    def automatic(self) -> bool:
        return self.number % 10 in (1, 3)

    @property
    def sender(self) -> str:
        return f"resident-{self.number}@home.example"

    @property
    def subject(self) -> str:
        return f"Street light {self.number}"

    @property
    def content(self) -> bytes:
        automatic = "Auto-Submitted: auto-replied\r\n" if self.automatic else ""
        return (
            f"From: Resident {self.number} <{self.sender}>\r\nTo: feedback@ardenshire.example\r\n"
            f"Subject: {self.subject}\r\nMessage-ID: <{self.number}@home.example>\r\n{automatic}\r\n"
            f"The street light outside number {self.number} Mill Lane is out. Could you please mend it?\r\n"
        ).encode()


class Victim:
    """One `postroom` command that is killed `kills` times at random moments, and each time started again."""

    def __init__(self, command: str, council: Council, kills: int, chance: random.Random, errors: Path) -> None:
        self.killed = 0
        self._kills = kills
        self._arguments = [COMMAND, command, "--config", str(council.config)]
        self._chance = chance
        self._errors = errors
        self._process: subprocess.Popen[str] | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live)

    @contextmanager
    def living(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join()

    @property
    def may_live(self) -> bool:
        return self.killed >= self._kills

    def kill(self) -> None:
        """Now, whatever it does, unless it has been killed often enough."""
        if self._process is not None and not self.may_live:
            self._process.kill()

    def _live(self) -> None:
        while not self._over.is_set():
            with self._errors.open("a") as errors:
                self._process = subprocess.Popen(self._arguments, stdout=subprocess.PIPE, stderr=errors, text=True)
            with self._process as process:
                self._wait_for_the_end_of(process)
                self.killed += not self._over.is_set()
                process.kill()

    def _wait_for_the_end_of(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        if not self.may_live and self._chance.random() < DIES_WHILE_STARTING:
            self._over.wait(self._chance.uniform(0, 1.0))
            return
        process.stdout.readline()  # it is ready, or dead
        until = time.monotonic() + self._chance.uniform(0, LONGEST_LIFE)
        while process.poll() is None and not self._over.wait(0.02):
            if time.monotonic() > until and not self.may_live:
                return


@dataclass
class Storm:
    """One storm over one council. `accepted` are the numbers that the receiver answered with 250, and how often."""

    council: Council
    imap: ImapServer | None
    force: Force
    errors: Path
    accepted: Counter[int] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.mails = [Mail(number) for number in range(self.force.messages)]
        if self.imap is None:
            self._smtp, self._imap = self.mails, []
        else:
            self._smtp = [mail for mail in self.mails if mail.by_smtp]
            self._imap = [mail for mail in self.mails if mail.by_imap]
        commands = ["smtp", "work"] + (["poll"] if self.imap else [])
        self._victims = {
            command: Victim(command, self.council, self.force.kills, self._chance(command), self.errors)
            for command in commands
        }

    def rage(self, patience: float) -> None:
        """Let it come down; return when all is settled again, or will not be within `patience` seconds."""
        with ExitStack() as stack:
            for victim in self._victims.values():
                stack.enter_context(victim.living())
            self._come_in(stack)
            wait_for(self._killed_enough, "the processes to be killed often enough", patience)
            with suppress(AssertionError):  # the damage will say what is missing
                wait_for(self._settled, "everything to be settled", patience)
            self.kills = Counter({command: victim.killed for command, victim in self._victims.items()})

    def _chance(self, name: str) -> random.Random:
        return random.Random(f"{self.force.seed} {name}")  # noqa: S311

    def _come_in(self, stack: ExitStack) -> None:
        """All mails, while an officer confirms what they can."""
        storm_over = threading.Event()
        senders = [threading.Thread(target=self._send, args=(self._smtp[part::3], part)) for part in range(3)]
        senders.append(threading.Thread(target=self._post))
        officer = threading.Thread(target=self._confirm_until, args=(storm_over,))
        officer.start()
        stack.callback(officer.join)
        stack.callback(storm_over.set)
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

    def _killed_enough(self) -> bool:
        return all(victim.may_live for victim in self._victims.values())

    def _send(self, mails: list[Mail], part: int) -> None:
        """By SMTP; what was not answered with 250 is sent again, as every mail server does."""
        chance = self._chance(f"sender {part}")
        for mail in mails:
            while not self._sent(mail):
                time.sleep(0.05)
            self.accepted[mail.number] += 1
            if chance.random() < KILLED_ON_250:
                self._victims["smtp"].kill()
            time.sleep(chance.uniform(0, 2 * self.force.seconds / len(mails)))

    def _sent(self, mail: Mail) -> bool:
        port = self.council.settings.intake.smtp.port
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
                client.sendmail(mail.sender, ["feedback@ardenshire.example"], mail.content)
                return True
        except (OSError, smtplib.SMTPException):
            return False

    def _post(self) -> None:
        """Into the mailbox."""
        if self.imap is None or not self._imap:
            return
        chance = self._chance("mailbox")
        for mail in self._imap:
            self.imap.deliver(mail.content)
            time.sleep(chance.uniform(0, 2 * self.force.seconds / len(self._imap)))

    def _confirm_until(self, over: threading.Event) -> None:
        while not over.wait(0.1):
            try:
                self._confirm()
            except Temporary:  # a worker changed the case meanwhile
                continue

    def _confirm(self) -> None:
        """An officer confirms every case that has a suggestion, and the letters that are owed are written."""
        council = self.council
        with open_session(council.engine) as session:
            officer_id = session.exec(select(Officer.id).where(Officer.name == "Alice Officer")).one()
            assert officer_id is not None
            suggested = (
                select(Case.id)
                .join(Message, col(Message.case_id) == Case.id)
                .join(Suggestion, col(Suggestion.message_id) == Message.id)
                .where(Case.status == CaseStatus.AWAITING)
                .limit(CONFIRMED_TOGETHER)
            )
            for case_id in session.exec(suggested).all():
                assert case_id is not None
                labels = Labels("service_request", "highways", "fix_problem")
                cases.confirm(session, case_id, labels, officer_id=officer_id, settings=council.settings, now=utc_now())
            session.commit()
        scheduler.sweep(council.engine, council.settings, utc_now())

    def _settled(self) -> bool:
        expected = sum(not mail.automatic for mail in self.mails)
        with open_session(self.council.engine, read_only=True) as session:
            waiting = session.exec(
                select(Filing.raw_message_id).where(Filing.state == FilingState.WAITING).limit(1)
            ).first()
            states = Counter(session.exec(select(OutgoingMail.state).where(OutgoingMail.kind == "letter")).all())
            by_imap = session.exec(
                select(RawMessage.position).where(col(RawMessage.source).startswith("imap:")).distinct()
            ).all()
        return waiting is None and states == {MailState.SENT: expected} and len(by_imap) == len(self._imap)
