"""Whoever is put off, refused a stage, asked for consent or taken to have withdrawn is told, once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from postroom.casework.cases import extend, receive_consent, refuse_stage, reopen, respond, want_consent, withdraw
from postroom.models.case import Case, Person
from postroom.models.database import open_session
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications import acknowledgements
from postroom.notifications.delivery import process_one as deliver
from postroom.notifications.officer_letters import send
from postroom.notifications.owed import Purpose
from postroom.notifications.preview import preview
from postroom.notifications.scheduler import sweep
from postroom.notifications.transports import transport_for
from tests.notifications.conftest import COMPLAINT, COMPLIMENT, Desk, on_sqlite
from tests.notifications.reading import text_of
from tests.notifications.together import both
from tests.servers.smtp_sink import SmtpSink

Move = Callable[..., Case]
LATER = timedelta(hours=3)
WAIT = timedelta(minutes=15)


@pytest.fixture
def case_id(now: datetime, desk: Desk) -> int:
    """A complaint that was acknowledged by telephone."""
    case_id = desk.confirmed(now, COMPLAINT)
    desk.acknowledge(case_id, now)
    return case_id


@pytest.fixture
def make(desk: Desk, case_id: int, now: datetime) -> Callable[..., Case]:
    """A function that makes a move of the case, `later` than it came in."""

    def run(move: Move, later: timedelta = LATER, **values: Any) -> Case:
        return desk.make(move, case_id, now + later, **values)

    return run


@pytest.fixture
def written(engine: Engine, settings: Settings, now: datetime, desk: Desk) -> Callable[..., list[OutgoingMail]]:
    """A function that writes what is owed, and gives the outbox without what was withdrawn."""

    def run(later: timedelta = LATER, wait: timedelta = WAIT) -> list[OutgoingMail]:
        while acknowledgements.process_one(engine, settings, now + later + wait):
            pass
        return [mail for mail in desk.outbox() if mail.state != MailState.WITHDRAWN]

    return run


def test_who_is_put_off_is_told_why_until_when_and_of_the_ombudsman(make: Any, written: Any) -> None:
    make(extend, step="respond", days=5, reason="A report is late.")
    [letter] = written()
    text = text_of(letter)
    assert (letter.purpose, letter.recipient) == (Purpose.EXTENSION, "pat@home.example")
    assert "by Wednesday 18 March 2026. We are sorry" in text
    assert "You will have our answer by Wednesday 25 March 2026." in text
    assert "A report is late." in text
    assert "Local Government and Social Care Ombudsman" in text
    assert written() == [letter]


@on_sqlite
def test_the_officer_has_some_time_to_write_or_to_take_it_back(make: Any, written: Any) -> None:
    make(withdraw, reason="They rang.")
    assert written(wait=WAIT - timedelta(seconds=1)) == []
    make(reopen, reason="It was another case.", later=LATER + WAIT / 2)
    assert written() == []


@on_sqlite
def test_who_was_told_otherwise_gets_no_letter(make: Any, written: Any) -> None:
    make(extend, step="respond", days=5, reason="A report is late.", told="by telephone")
    assert written() == []


@on_sqlite
def test_who_is_put_off_twice_before_the_letter_gets_one_with_the_first_and_the_last_date(
    make: Any, written: Any
) -> None:
    make(extend, step="respond", days=5, reason="A report is late.")
    make(extend, step="respond", days=2, reason="Very late.")
    [letter] = written()
    assert "by Wednesday 18 March 2026. We are sorry" in text_of(letter)
    assert "You will have our answer by Friday 27 March 2026." in text_of(letter)


@on_sqlite
def test_who_is_put_off_again_after_the_letter_gets_another_from_the_date_that_they_know(
    make: Any, written: Any
) -> None:
    make(extend, step="respond", days=5, reason="A report is late.")
    written()
    make(extend, step="respond", days=2, reason="Very late.", later=timedelta(days=1))
    # the first waits still: it is for the delivery to see that it is no longer so
    letter = written(timedelta(days=1))[-1]
    assert "by Wednesday 25 March 2026. We are sorry" in text_of(letter)


def test_an_extension_that_was_prolonged_while_its_letter_waited_is_told_once(
    engine: Engine, connected: Settings, now: datetime, make: Any, written: Any, mail_server: SmtpSink
) -> None:
    make(extend, step="respond", days=5, reason="A report is late.")
    written()
    make(extend, step="respond", days=2, reason="Very late.")
    for _ in range(3):
        deliver(engine, connected, transport_for(connected), now + LATER + WAIT)
        written()
    assert ["Very late." in text_of(mail.content) for mail in mail_server.received] == [True]
    assert "by Wednesday 18 March 2026. We are sorry" in text_of(mail_server.received[0].content)


@on_sqlite
def test_who_is_answered_meanwhile_is_not_put_off_any_more(
    engine: Engine, connected: Settings, now: datetime, make: Any, written: Any, mail_server: SmtpSink
) -> None:
    make(extend, step="respond", days=5, reason="A report is late.")
    written()
    make(respond, how="by telephone")
    deliver(engine, connected, transport_for(connected), now + LATER + WAIT)
    assert written() == []
    assert mail_server.received == []


def test_who_is_refused_the_next_stage_is_told_why_and_of_the_ombudsman(make: Any, written: Any, now: datetime) -> None:
    make(respond, how="by letter")
    make(refuse_stage, requested_at=now + LATER, reason="A court decides it.", later=timedelta(days=1))
    [letter] = written(timedelta(days=1))
    assert letter.purpose == Purpose.REFUSAL
    for words in ("to Stage 2. We have decided not to", "A court decides it.", "0300 061 0614"):
        assert words in text_of(letter)


def test_who_speaks_for_somebody_is_asked_for_consent_until_it_is_there(
    engine: Engine, connected: Settings, now: datetime, make: Any, written: Any, mail_server: SmtpSink
) -> None:
    make(want_consent, whose="Ann Moss")
    [letter] = written()
    assert "that you may act for Ann Moss" in text_of(letter)
    make(receive_consent, evidence="a signed form", at=now + LATER)
    deliver(engine, connected, transport_for(connected), now + LATER + WAIT)
    assert written() == []
    assert mail_server.received == []


def test_who_withdraws_is_told_once_for_each_time(make: Any, written: Any) -> None:
    make(withdraw, reason="They rang.")
    [first] = written()
    assert (first.purpose, first.subject) == (Purpose.WITHDRAWAL, f"{first.subject.split()[0]} is closed, as you asked")
    make(reopen, reason="They rang again.", later=timedelta(days=1))
    make(withdraw, reason="And again.", deemed=True, later=timedelta(days=2))
    assert len(written(timedelta(days=2))) == 2
    assert len(written(timedelta(days=3))) == 2


@on_sqlite
def test_nobody_is_told_of_what_was_decided_long_ago(make: Any, written: Any) -> None:
    make(withdraw, reason="They rang.")
    assert written(timedelta(days=31)) == []


@on_sqlite
def test_who_wants_paper_is_told_on_paper(engine: Engine, desk: Desk, case_id: int, make: Any, written: Any) -> None:
    with open_session(engine) as session:
        person = session.get_one(Person, desk.case(case_id).person_id)
        person.on_paper, person.postal_address = True, "1 Mill Lane\nRugby"
        session.add(person)
        session.commit()
    make(extend, step="respond", days=5, reason="A report is late.")
    [letter] = written()
    assert (letter.by_post, letter.recipient, letter.domain) == (True, "1 Mill Lane\nRugby", "")
    assert letter.content.startswith(b"%PDF")


@on_sqlite
def test_a_letter_that_an_officer_wrote_takes_the_place_of_ours(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, case_id: int, written: Any
) -> None:
    def put_off(session: Session) -> None:
        officer_id = desk.officer("Sam")
        given: dict[str, Any] = {"officer_id": officer_id, "settings": settings, "now": now}
        case = extend(session, case_id, "respond", days=5, reason="A report is late.", **given)
        draft = preview(session, case, Purpose.EXTENSION, settings, now, officer_id=officer_id)
        text = f"Dear Pat,\n\n{draft.text}"
        send(session, case, Purpose.EXTENSION, draft.subject, text, **given)

    with open_session(engine) as session:
        put_off(session)
        session.commit()
    [letter] = written()
    assert text_of(letter).startswith("Dear Pat,")


@on_sqlite
def test_a_case_whose_procedure_left_the_configuration_holds_up_nobody(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, make: Any
) -> None:
    make(extend, step="respond", days=5, reason="A report is late.")
    desk.confirmed(now, COMPLIMENT, sender_email="sam@home.example")
    desk.officer("Lily", teams=("libraries",))
    procedures = {id_: procedure for id_, procedure in settings.procedures.items() if id_ != "corporate"}
    assert sweep(engine, settings.model_copy(update={"procedures": procedures}), now + LATER + WAIT) == 2
    assert [mail.letter for mail in desk.outbox()] == ["acknowledge-compliment", "passed-on"]


def test_two_workers_at_once_tell_once(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, make: Any
) -> None:
    make(extend, step="respond", days=5, reason="A report is late.")
    assert sorted(both(lambda: acknowledgements.process_one(engine, settings, now + LATER + WAIT))) == [False, True]
    assert len(desk.outbox()) == 1
