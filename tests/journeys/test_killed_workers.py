"""A worker that is killed between any two steps loses nothing and doubles nothing."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from postroom.casework import cases
from postroom.casework.history import broken_histories
from postroom.casework.labels import Labels
from postroom.intake.receive import Delivery, receive
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState
from postroom.notifications import scheduler
from postroom.processes import utc_now
from tests.commands import running
from tests.journeys.council import Council, found_council
from tests.servers.smtp_sink import SmtpSink
from tests.waiting import wait_for

MESSAGES = 60
KILLS = 6
READY_SECONDS = 4.0
"""About what a worker needs to start; it is killed at random moments up to twice as long."""


@pytest.fixture
def council(tmp_path: Path, database_url: str, sink: SmtpSink) -> Iterator[Council]:
    founded = found_council(tmp_path, database_url=database_url, outgoing_port=sink.port, mailbox=None)
    yield founded
    founded.engine.dispose()


def mail(number: int) -> bytes:
    return (
        f"From: Resident {number} <resident-{number}@home.example>\r\nTo: feedback@ardenshire.example\r\n"
        f"Subject: Street light {number}\r\nMessage-ID: <{number}@home.example>\r\n\r\n"
        f"The street light outside number {number} Mill Lane is out. Could you please mend it?\r\n"
    ).encode()


def take_in(council: Council, numbers: range) -> None:
    deliveries = [
        Delivery("smtp", str(number), "email", mail(number), envelope_sender=f"resident-{number}@home.example")
        for number in numbers
    ]
    receive(council.engine, deliveries, utc_now())


def confirm_waiting(council: Council) -> None:
    """An officer confirms every case that has a suggestion."""
    with open_session(council.engine) as session:
        officer_id = session.exec(select(Officer.id).where(Officer.name == "Alice Officer")).one()
        assert officer_id is not None
        suggested = (
            select(Case.id)
            .join(Message, col(Message.case_id) == Case.id)
            .join(Suggestion, col(Suggestion.message_id) == Message.id)
            .where(Case.status == CaseStatus.AWAITING)
        )
        for case_id in session.exec(suggested).all():
            assert case_id is not None
            labels = Labels("service_request", "highways", "fix_problem")
            cases.confirm(session, case_id, labels, officer_id=officer_id, settings=council.settings, now=utc_now())
        session.commit()
    scheduler.sweep(council.engine, council.settings, utc_now())


def all_sent(council: Council) -> bool:
    confirm_waiting(council)
    with open_session(council.engine, read_only=True) as session:
        states = Counter(session.exec(select(OutgoingMail.state).where(OutgoingMail.kind == "letter")).all())
    return states == {MailState.SENT: MESSAGES}


@pytest.mark.timeout(300)
def test_killing_the_worker_at_random_loses_and_doubles_nothing(council: Council, sink: SmtpSink) -> None:
    moments = random.Random(20260304)  # noqa: S311
    batch = MESSAGES // KILLS
    for kill in range(KILLS):
        take_in(council, range(kill * batch, (kill + 1) * batch))
        with running("work", "--config", str(council.config)):
            until = time.monotonic() + moments.uniform(0.5, 2) * READY_SECONDS
            while time.monotonic() < until:
                confirm_waiting(council)
                time.sleep(0.05)
    with running("work", "--config", str(council.config)):
        wait_for(lambda: all_sent(council), "every letter to be sent", 120)

    with open_session(council.engine, read_only=True) as session:
        assert Counter(session.exec(select(Filing.state)).all()) == {FilingState.ON_CASE: MESSAGES}
        opened = session.exec(select(Case)).all()
        messages = session.exec(select(Message)).all()
        assert sorted(case.subject for case in opened) == sorted(f"Street light {n}" for n in range(MESSAGES))
        assert sorted(message.case_id or 0 for message in messages) == sorted(case.id or 0 for case in opened)
        assert all(case.acknowledged_at for case in opened)
        assert list(broken_histories(session)) == []
        sent = dict(session.exec(select(OutgoingMail.recipient, OutgoingMail.message_id)).all())
    arrived = {(mail.recipient, mail.message["Message-ID"]) for mail in sink.received}
    assert arrived == set(sent.items())
