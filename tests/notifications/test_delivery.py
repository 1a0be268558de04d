from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlmodel import Session, col, select

from postroom.casework.cases import acknowledge, withdraw
from postroom.casework.history import broken_histories
from postroom.models.case import CaseStatus, Deadline, Event, EventWords
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound, Unanswered
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.queues import PAUSES
from postroom.models.settings import Settings
from postroom.notifications import acknowledgements
from postroom.notifications.delivery import OUTAGE_PAUSE, process_one, try_again
from postroom.notifications.envelopes import Mail
from postroom.notifications.transports import Transport, transport_for
from tests.notifications.conftest import COMPLAINT, COMPLIMENT, Desk, on_sqlite
from tests.notifications.together import both
from tests.servers.smtp_sink import SmtpSink


class PowerCut(Exception):
    """Nothing in Postroom foresees it."""


class CutAfterSending:
    """A transport that sends, and then the machine loses its power."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def send(self, mail: Mail) -> None:
        self.transport.send(mail)
        raise PowerCut


@pytest.fixture
def letter(engine: Engine, settings: Settings, now: datetime, desk: Desk) -> OutgoingMail:
    """A letter about a complaint, in the outbox."""
    desk.confirmed(now, COMPLAINT)
    acknowledgements.process_one(engine, settings, now)
    return desk.outbox()[0]


@pytest.fixture
def deliver(engine: Engine, connected: Settings) -> Callable[[datetime], bool]:
    """A function that runs one step of the worker against the mail server."""
    return lambda now: process_one(engine, connected, transport_for(connected), now)


def case_of(desk: Desk, mail: OutgoingMail) -> Any:
    assert mail.case_id is not None
    return desk.case(mail.case_id)


def events(engine: Engine, mail: OutgoingMail) -> list[str]:
    with open_session(engine) as session:
        assert list(broken_histories(session)) == []
        query = select(Event.kind).where(Event.case_id == mail.case_id).order_by(col(Event.number))
        return list(session.exec(query))


def test_a_letter_is_sent_and_acknowledges_its_case(
    engine: Engine, now: datetime, desk: Desk, letter: OutgoingMail, mail_server: SmtpSink, deliver: Any
) -> None:
    later = now + timedelta(hours=2)
    assert deliver(later)
    assert not deliver(later)
    [received] = mail_server.received
    assert (received.sender, received.recipient) == (letter.envelope_sender, "pat@home.example")
    assert received.content == letter.content
    [mail] = desk.outbox()
    assert (mail.state, mail.sent_at, mail.attempts) == (MailState.SENT, later, 1)
    assert case_of(desk, letter).acknowledged_at == later
    assert events(engine, letter) == ["opened", "confirmed", "acknowledged"]


@pytest.mark.usefixtures("letter")
@on_sqlite
def test_the_event_says_which_letter_it_was(engine: Engine, now: datetime, deliver: Any) -> None:
    deliver(now)
    with open_session(engine) as session:
        acknowledged = session.exec(select(Event).where(Event.kind == "acknowledged")).one()
        words = session.exec(select(EventWords.words).where(EventWords.number == acknowledged.number)).one()
    assert acknowledged.summary.startswith("Acknowledged; respond moved from")
    assert words == "letter acknowledge-complaint"
    assert acknowledged.actor == "delivery"


@on_sqlite
def test_the_letter_promises_the_date_that_the_case_then_has(
    engine: Engine, now: datetime, letter: OutgoingMail, deliver: Any
) -> None:
    deliver(now)
    with open_session(engine) as session:
        due_on = session.exec(select(Deadline).where(Deadline.step == "respond")).one().due_on
    assert f"{due_on:%A} {due_on.day} {due_on:%B %Y}".encode() in letter.content


@on_sqlite
def test_a_compliment_is_closed_by_its_letter(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, deliver: Any
) -> None:
    case_id = desk.confirmed(now, COMPLIMENT)
    acknowledgements.process_one(engine, settings, now)
    deliver(now)
    assert desk.case(case_id).status == CaseStatus.CLOSED


def test_a_letter_that_was_overtaken_by_a_telephone_call_is_withdrawn(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, letter: OutgoingMail, deliver: Any
) -> None:
    with open_session(engine) as session:
        acknowledge(session, letter.case_id or 0, settings=settings, now=now, actor="officer:1", how="by telephone")
        session.commit()
    deliver(now + timedelta(hours=1))
    assert desk.outbox()[0].state == MailState.WITHDRAWN
    assert case_of(desk, letter).acknowledged_at == now


@on_sqlite
def test_the_letter_of_a_case_that_was_closed_meanwhile_is_withdrawn(
    engine: Engine, now: datetime, settings: Settings, desk: Desk, letter: OutgoingMail, deliver: Any
) -> None:
    with open_session(engine) as session:
        withdraw(session, letter.case_id or 0, reason="by phone", officer_id=1, settings=settings, now=now)
        session.commit()
    deliver(now)
    assert desk.outbox()[0].state == MailState.WITHDRAWN
    assert case_of(desk, letter).acknowledged_at is None


def test_a_letter_whose_case_can_not_be_acknowledged_is_not_sent_again(
    engine: Engine, connected: Settings, now: datetime, desk: Desk, letter: OutgoingMail, mail_server: SmtpSink
) -> None:
    without = {id_: procedure for id_, procedure in connected.procedures.items() if id_ != "corporate"}
    settings = connected.model_copy(update={"procedures": without})
    process_one(engine, settings, transport_for(settings), now)
    assert not process_one(engine, settings, transport_for(settings), now + timedelta(days=1))
    assert desk.outbox()[0].state == MailState.SENT
    assert len(mail_server.received) == 1
    assert case_of(desk, letter).acknowledged_at is None
    assert events(engine, letter) == ["opened", "confirmed"]


def test_a_letter_refused_for_now_is_tried_again_after_longer_and_longer_pauses(
    now: datetime, desk: Desk, letter: OutgoingMail, mail_server: SmtpSink, deliver: Any
) -> None:
    mail_server.answer_to_recipient = "451 4.7.1 Greylisted"
    for attempt, pause in enumerate(PAUSES, start=1):
        assert deliver(now)
        [mail] = desk.outbox()
        assert (mail.state, mail.attempts, mail.not_before) == (MailState.WAITING, attempt, now + pause)
        assert "451 4.7.1 Greylisted" in mail.last_error
        assert not deliver(now + pause - timedelta(seconds=1))
        now += pause
    mail_server.answer_to_recipient = ""
    assert deliver(now)
    assert (desk.outbox()[0].state, desk.outbox()[0].last_error) == (MailState.SENT, "")
    assert case_of(desk, letter).acknowledged_at == now


@pytest.mark.usefixtures("letter")
@on_sqlite
def test_a_letter_refused_too_often_is_left_to_an_officer(
    connected: Settings, now: datetime, desk: Desk, mail_server: SmtpSink, deliver: Any
) -> None:
    mail_server.answer_to_content = "451 4.3.0 Try again later"
    for day in range(connected.outgoing.attempts):
        assert deliver(now + timedelta(days=day))
    assert not deliver(now + timedelta(days=100))
    [mail] = desk.outbox()
    assert (mail.state, mail.attempts) == (MailState.DEAD, connected.outgoing.attempts)
    assert "451 4.3.0" in mail.last_error


def test_a_letter_refused_for_good_is_left_to_an_officer_at_once(
    now: datetime, desk: Desk, letter: OutgoingMail, mail_server: SmtpSink, deliver: Any
) -> None:
    mail_server.answer_to_recipient = "550 5.1.1 No such person here"
    assert deliver(now)
    assert not deliver(now + timedelta(days=1))
    [mail] = desk.outbox()
    assert (mail.state, mail.last_error) == (MailState.DEAD, "The mail server answered: 550 5.1.1 No such person here")
    assert case_of(desk, letter).acknowledged_at is None


@pytest.mark.usefixtures("letter")
@on_sqlite
def test_an_outage_of_days_loses_no_letter(
    engine: Engine, connected: Settings, now: datetime, desk: Desk, changed: Any
) -> None:
    nobody_listens = changed("outgoing", smtp=connected.outgoing.smtp.model_copy(update={"port": 1}))
    for _ in range(connected.outgoing.attempts + 2):
        assert process_one(engine, nobody_listens, transport_for(nobody_listens), now)
        now += OUTAGE_PAUSE
    assert "can't be used" in desk.outbox()[0].last_error
    assert process_one(engine, connected, transport_for(connected), now)
    assert (desk.outbox()[0].state, desk.outbox()[0].attempts) == (MailState.SENT, 1)


def test_a_letter_is_tried_again_when_an_officer_says_so(
    engine: Engine, now: datetime, desk: Desk, letter: OutgoingMail, mail_server: SmtpSink, deliver: Any
) -> None:
    mail_server.answer_to_recipient = "550 5.1.1 No such person here"
    deliver(now)
    mail_server.answer_to_recipient = ""
    try_again(engine, letter.id or 0, now)
    assert deliver(now)
    assert desk.outbox()[0].state == MailState.SENT


@on_sqlite
def test_only_a_letter_that_was_given_up_can_be_tried_again(
    engine: Engine, now: datetime, letter: OutgoingMail, deliver: Any
) -> None:
    with pytest.raises(ImpossibleMove, match="waiting"):
        try_again(engine, letter.id or 0, now)
    deliver(now)
    with pytest.raises(ImpossibleMove, match="sent"):
        try_again(engine, letter.id or 0, now)
    with pytest.raises(NotFound):
        try_again(engine, 404, now)


def test_a_power_cut_after_sending_sends_the_same_mail_again_and_acknowledges_once(
    engine: Engine, connected: Settings, now: datetime, letter: OutgoingMail, mail_server: SmtpSink
) -> None:
    transport = transport_for(connected)
    with pytest.raises(PowerCut):
        process_one(engine, connected, CutAfterSending(transport), now)
    assert not process_one(engine, connected, transport, now + connected.workers.lease - timedelta(seconds=1))
    assert process_one(engine, connected, transport, now + connected.workers.lease)
    assert [mail.message["Message-ID"] for mail in mail_server.received] == [letter.message_id] * 2
    assert events(engine, letter) == ["opened", "confirmed", "mail sent again", "acknowledged"]


def test_a_power_cut_while_recording_leaves_mail_and_case_as_they_were(
    engine: Engine, connected: Settings, now: datetime, desk: Desk, letter: OutgoingMail, mail_server: SmtpSink
) -> None:
    def cut(_session: Session) -> None:
        if mail_server.received:
            raise PowerCut

    event.listen(Session, "before_commit", cut)
    try:
        with pytest.raises(PowerCut):
            process_one(engine, connected, transport_for(connected), now)
    finally:
        event.remove(Session, "before_commit", cut)
    assert desk.outbox()[0].state == MailState.WAITING
    assert events(engine, letter) == ["opened", "confirmed"]
    assert process_one(engine, connected, transport_for(connected), now + connected.workers.lease)
    assert desk.outbox()[0].state == MailState.SENT
    assert events(engine, letter) == ["opened", "confirmed", "mail sent again", "acknowledged"]


@pytest.mark.usefixtures("letter")
@on_sqlite
def test_a_letter_at_which_the_worker_always_dies_is_given_up(
    engine: Engine, connected: Settings, now: datetime, desk: Desk
) -> None:
    class Dies:
        def send(self, mail: Mail) -> None:
            raise PowerCut

    for _ in range(connected.outgoing.attempts):
        with pytest.raises(PowerCut):
            process_one(engine, connected, Dies(), now)
        now += connected.workers.lease
    assert process_one(engine, connected, Dies(), now)
    assert desk.outbox()[0].state == MailState.DEAD


def test_two_workers_at_once_send_each_letter_once(
    engine: Engine, connected: Settings, now: datetime, desk: Desk, mail_server: SmtpSink
) -> None:
    for number in range(4):
        desk.confirmed(now, COMPLAINT, sender_email=f"pat{number}@home.example")
        acknowledgements.process_one(engine, connected, now)
    transport = transport_for(connected)

    def work() -> int:
        return sum(process_one(engine, connected, transport, now) for _ in range(4))

    assert sum(both(work)) == 4
    assert len(mail_server.received) == len({mail.recipient for mail in mail_server.received}) == 4
    assert all(case_of(desk, mail).acknowledged_at == now for mail in desk.outbox())


def test_nothing_is_done_where_nothing_waits(now: datetime, deliver: Any) -> None:
    assert not deliver(now)


def test_a_letter_that_is_sent_after_midnight_promises_the_date_that_the_case_then_has(
    now: datetime, desk: Desk, letter: OutgoingMail, mail_server: SmtpSink, deliver: Any
) -> None:
    assert b"Wednesday 18 March 2026" in letter.content
    deliver(now + timedelta(days=1))
    [received] = mail_server.received
    assert b"Thursday 19 March 2026" in received.content
    assert b"Wednesday 18 March 2026" not in received.content
    assert desk.outbox()[0].content == received.content
    assert received.message["Message-ID"] == letter.message_id


def test_a_letter_whose_case_was_corrected_says_what_is_so_now(
    now: datetime, desk: Desk, letter: OutgoingMail, mail_server: SmtpSink, deliver: Any
) -> None:
    desk.confirm(letter.case_id or 0, replace(COMPLAINT, team="libraries"), now)
    deliver(now)
    assert [b"Libraries" in mail.content for mail in mail_server.received] == [True]


def test_a_letter_that_nobody_is_owed_any_more_is_withdrawn_and_the_right_one_sent(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, mail_server: SmtpSink, deliver: Any
) -> None:
    case_id = desk.confirmed(now, COMPLIMENT)
    acknowledgements.process_one(engine, settings, now)
    desk.confirm(case_id, COMPLAINT, now)
    assert deliver(now)
    acknowledgements.process_one(engine, settings, now)
    assert deliver(now)
    assert [mail.message["Subject"].split()[1] for mail in mail_server.received] == ["complaint"]


def test_a_domain_that_had_its_mails_of_a_minute_waits_and_others_do_not(
    engine: Engine, connected: Settings, now: datetime, desk: Desk, mail_server: SmtpSink
) -> None:
    outgoing = connected.outgoing.model_copy(update={"mails_per_domain_and_minute": 2})
    settings = connected.model_copy(update={"outgoing": outgoing})
    for address in ("a@large.example", "b@large.example", "c@LARGE.example", "d@small.example"):
        desk.confirmed(now, COMPLAINT, sender_email=address)
        acknowledgements.process_one(engine, settings, now)
    transport = transport_for(settings)

    def deliver_all(now: datetime) -> list[str]:
        before = len(mail_server.received)
        while process_one(engine, settings, transport, now):
            pass
        return [mail.recipient for mail in mail_server.received[before:]]

    assert deliver_all(now) == ["a@large.example", "b@large.example", "d@small.example"]
    assert deliver_all(now + timedelta(seconds=59)) == []
    assert deliver_all(now + timedelta(seconds=60)) == ["c@large.example"]


def test_two_workers_at_once_keep_the_pace_of_a_domain(
    engine: Engine, connected: Settings, now: datetime, desk: Desk, mail_server: SmtpSink
) -> None:
    outgoing = connected.outgoing.model_copy(update={"mails_per_domain_and_minute": 1})
    settings = connected.model_copy(update={"outgoing": outgoing})
    for number in range(3):
        desk.confirmed(now, COMPLAINT, sender_email=f"pat{number}@home.example")
        acknowledgements.process_one(engine, settings, now)
    transport = transport_for(settings)
    both(lambda: process_one(engine, settings, transport, now))
    assert len(mail_server.received) == 1


@pytest.mark.usefixtures("letter")
def test_a_server_that_never_says_that_it_took_a_mail_gets_it_a_bounded_number_of_times(
    engine: Engine, connected: Settings, now: datetime, desk: Desk
) -> None:
    class SaysNothing:
        tries = 0

        def send(self, mail: Mail) -> None:
            self.tries += 1
            assert mail.again == (self.tries > 1)
            raise Unanswered("the line went dead")

    transport = SaysNothing()
    for day in range(connected.outgoing.attempts + 3):
        process_one(engine, connected, transport, now + timedelta(days=day))
    assert transport.tries == connected.outgoing.attempts
    assert desk.outbox()[0].state == MailState.DEAD
