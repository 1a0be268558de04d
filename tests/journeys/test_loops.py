"""Two machines that write to each other stop at once: real SMTP both ways, and an officer who confirms everything."""

import itertools
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path

import pytest
from sqlmodel import col, select

from postroom import processes
from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.intake import filing
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState
from postroom.notifications import delivery, scheduler
from postroom.notifications.transports import transport_for
from postroom.processes import Daemon, utc_now
from tests.journeys.council import Council, found_council
from tests.servers.smtp_sink import Received, SmtpSink, smtp_sink
from tests.waiting import wait_for

ARDENSHIRE, BELLSHIRE = "ardenshire.example", "bellshire.example"
PAT = "pat@home.example"
SETTLED_SECONDS = 3.0


@dataclass
class PostOffice:
    """Brings every mail to whoever its recipient's domain belongs to, by SMTP."""

    sink: SmtpSink
    answers: Callable[[Received], EmailMessage | None] = lambda _mail: None
    councils: dict[str, Council] = field(default_factory=dict)
    brought: int = 0

    def step(self) -> bool:
        """Bring one mail on; False where none waits."""
        if self.brought == len(self.sink.received):
            return False
        mail = self.sink.received[self.brought]
        self.brought += 1
        council = self.councils.get(mail.recipient.rpartition("@")[2])
        if council is not None:
            bring(council, mail.sender, mail.recipient, mail.content)
        elif (answer := self.answers(mail)) is not None:
            at_home = self.councils[answer["To"].rpartition("@")[2]]
            bring(at_home, PAT, answer["To"], bytes(answer))
        return True


def bring(council: Council, sender: str, recipient: str, content: bytes) -> None:
    receiver = council.settings.intake.smtp
    with smtplib.SMTP(receiver.host, receiver.port, timeout=10) as client:
        client.sendmail(sender, [recipient], content)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with smtp_sink() as sink:
        yield PostOffice(sink)


@pytest.fixture
def running(tmp_path: Path, sqlite_with_tables: Path, office: PostOffice) -> Iterator[PostOffice]:
    """Two councils with a database each, running, and the post between them."""
    with ExitStack() as stack:
        for domain in (ARDENSHIRE, BELLSHIRE):
            folder = tmp_path / domain
            folder.mkdir()
            (folder / "postroom.db").write_bytes(sqlite_with_tables.read_bytes())
            council = found_council(
                folder,
                database_url=f"sqlite:///{folder / 'postroom.db'}",
                outgoing_port=office.sink.port,
                mailbox=None,
                domain=domain,
            )
            stack.callback(council.engine.dispose)
            office.councils[domain] = council
            stack.enter_context(processes.running_receiver(council.engine, council.settings, utc_now))
            stack.enter_context(processes.running_daemons(list(daemons(council))))
        stack.enter_context(processes.running_daemons([Daemon("post", office.step, 0.05)]))
        yield office


def daemons(council: Council) -> Iterator[Daemon]:
    engine, settings = council.engine, council.settings
    transport = transport_for(settings)
    yield Daemon("filing", lambda: filing.process_one(engine, settings, utc_now()), 0.05)
    yield Daemon("officer", lambda: confirm_all(council), 0.05)
    yield Daemon("delivery", lambda: delivery.process_one(engine, settings, transport, utc_now()), 0.05)


def confirm_all(council: Council) -> bool:
    """An officer who takes everything that comes in for a complaint; then every letter that is owed is written."""
    with open_session(council.engine) as session:
        officer_id = session.exec(select(Officer.id).where(Officer.name == "Alice Officer")).one()
        waiting = list(session.exec(select(Case.id).where(Case.status == CaseStatus.AWAITING)))
        for case_id in waiting:
            labels = Labels("complaint", "highways", "service_standards")
            assert case_id is not None
            assert officer_id is not None
            cases.confirm(session, case_id, labels, officer_id=officer_id, settings=council.settings, now=utc_now())
        session.commit()
    scheduler.sweep(council.engine, council.settings, utc_now())
    return bool(waiting)


def settle(office: PostOffice) -> None:
    """Until nothing has moved for a while."""
    quiet_since, last = time.monotonic(), -1

    def quiet() -> bool:
        nonlocal quiet_since, last
        if len(office.sink.received) != last or not all(at_rest(council) for council in office.councils.values()):
            quiet_since, last = time.monotonic(), len(office.sink.received)
        return office.brought == last and time.monotonic() - quiet_since > SETTLED_SECONDS

    wait_for(quiet, "the post to settle", 60)


def at_rest(council: Council) -> bool:
    with open_session(council.engine, read_only=True) as session:
        filing_waits = session.exec(select(Filing).where(Filing.state == FilingState.WAITING)).first()
        mail_waits = session.exec(select(OutgoingMail).where(OutgoingMail.state == MailState.WAITING)).first()
        case_waits = session.exec(select(Case).where(Case.status == CaseStatus.AWAITING)).first()
    return filing_waits is None and mail_waits is None and case_waits is None


def letter(sender: str, recipient: str, subject: str = "Potholes") -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, recipient, subject
    message["Message-ID"] = f"<first@{sender.partition('@')[2]}>"
    message.set_content("The road between our two counties is full of potholes. When will it be mended?")
    return bytes(message)


def letters_to(office: PostOffice) -> Counter[str]:
    return Counter(
        mail.recipient.partition("+")[0].partition("@")[0] + "@" + mail.recipient.rpartition("@")[2]
        for mail in office.sink.received
    )


def machines(council: Council) -> list[str]:
    with open_session(council.engine, read_only=True) as session:
        return list(session.exec(select(Message.machine).order_by(col(Message.id))))


@pytest.mark.timeout(120)
def test_two_councils_that_write_to_each_other_send_one_letter_each(running: PostOffice) -> None:
    ours, theirs = f"feedback@{ARDENSHIRE}", f"feedback@{BELLSHIRE}"
    bring(running.councils[ARDENSHIRE], theirs, ours, letter(theirs, ours))
    bring(running.councils[BELLSHIRE], ours, theirs, letter(ours, theirs))
    wait_for(lambda: len(running.sink.received) >= 2, "a letter each way")
    settle(running)
    assert letters_to(running) == {ours: 1, theirs: 1}
    for council in running.councils.values():
        assert machines(council) == ["none", "loop"]


def plain_answer(to: str, letter: EmailMessage, number: int) -> EmailMessage:
    """An answer without a word that a machine wrote it, each time with another text."""
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Message-ID"] = PAT, to, f"<away-{number}@home.example>"
    answer["Subject"] = f"Re: {letter['Subject']}"
    answer.set_content(f"Thank you for your message, which I shall read on my return. This is answer {number}.")
    return answer


def honest(mail: EmailMessage, envelope: str, number: int) -> EmailMessage:
    answer = plain_answer(envelope, mail, number)
    answer["Auto-Submitted"] = "auto-replied"
    return answer


def to_reply_to(mail: EmailMessage, _envelope: str, number: int) -> EmailMessage:
    answer = plain_answer(mail["Reply-To"], mail, number)
    answer["In-Reply-To"] = mail["Message-ID"]
    return answer


def to_envelope(mail: EmailMessage, envelope: str, number: int) -> EmailMessage:
    return plain_answer(envelope, mail, number)


def to_from(mail: EmailMessage, _envelope: str, number: int) -> EmailMessage:
    return plain_answer(mail["From"].addresses[0].addr_spec, mail, number)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("style", [honest, to_reply_to, to_envelope, to_from])
def test_an_autoresponder_that_answers_everything_gets_one_letter(
    running: PostOffice, style: Callable[[EmailMessage, str, int], EmailMessage]
) -> None:
    numbers, lock = itertools.count(1), threading.Lock()

    def answer(mail: Received) -> EmailMessage:
        with lock:
            parsed = BytesHeaderParser(policy=default).parsebytes(mail.content)
            return style(parsed, mail.sender, next(numbers))

    running.answers = answer
    council = running.councils[ARDENSHIRE]
    bring(council, PAT, f"feedback@{ARDENSHIRE}", letter(PAT, f"feedback@{ARDENSHIRE}"))
    wait_for(lambda: len(machines(council)) >= 2, "the autoresponder's answer")
    settle(running)
    assert letters_to(running) == {PAT: 1}
    with open_session(council.engine, read_only=True) as session:
        assert len(session.exec(select(Case)).all()) == 1
        assert len(session.exec(select(Message)).all()) == 2
