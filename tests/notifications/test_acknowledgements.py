from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from postroom.casework.answer_address import read_answer_address
from postroom.casework.cases import acknowledge, confirm
from postroom.models.case import Event
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.models.settings import Settings
from postroom.notifications.acknowledgements import process_one
from postroom.notifications.scheduler import sweep
from tests.notifications.conftest import CHILDRENS_COMPLAINT, COMPLAINT, COMPLIMENT, Desk, on_sqlite
from tests.notifications.reading import read, text_of
from tests.notifications.together import both


def test_a_confirmed_complaint_is_acknowledged_once(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    assert process_one(engine, settings, now)
    assert not process_one(engine, settings, now)
    [mail] = desk.outbox()
    assert mail.once == f"letter:{case_id}:stage-1:acknowledge-complaint"
    assert (mail.kind, mail.recipient, mail.case_id) == ("letter", "pat@home.example", case_id)


@on_sqlite
def test_the_letter_answers_the_message_and_asks_for_answers_at_the_cases_own_address(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.confirmed(now, COMPLAINT, message_id="abc@home.example")
    process_one(engine, settings, now)
    message = read(desk.outbox()[0])
    key = settings.signing_key.read()
    assert message["In-Reply-To"] == "<abc@home.example>"
    assert read_answer_address(str(message["Reply-To"]), key) == desk.case(case_id).reference


@on_sqlite
def test_the_letter_promises_an_answer_counted_from_the_letter(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.confirmed(now, COMPLAINT)
    process_one(engine, settings, now + timedelta(days=1))
    text = text_of(desk.outbox()[0])
    assert "We received your complaint on Wednesday 4 March 2026" in text
    assert "by Thursday 19 March 2026" in text  # ten working days from Thursday 5 March
    assert "Home to School Transport" in text


@on_sqlite
def test_the_answer_about_childrens_social_care_is_counted_from_receipt(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.confirmed(now, CHILDRENS_COMPLAINT)
    process_one(engine, settings, now + timedelta(days=1))
    assert "by Wednesday 18 March 2026" in text_of(desk.outbox()[0])


def test_a_case_with_an_exclusion_gets_the_signposting_letter_alone(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.confirmed(now, replace(COMPLAINT, exclusion="data_protection"))
    assert sweep(engine, settings, now) == 1
    [mail] = desk.outbox()
    assert mail.letter == "signpost"
    assert "Information Commissioner" in text_of(mail)


@on_sqlite
def test_nothing_is_written_before_an_officer_has_confirmed(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.awaiting(now)
    assert not process_one(engine, settings, now)


@pytest.mark.parametrize(
    "values",
    [
        {"may_answer": False, "machine": "auto_reply"},
        {"sender_email": ""},
        {"sender_email": "pat@home.example,sam@home.example"},
    ],
)
def test_whoever_can_not_be_answered_gets_no_letter_and_the_next_does(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, values: dict[str, Any]
) -> None:
    desk.confirmed(now, COMPLAINT, **values)
    answerable = desk.confirmed(now, COMPLAINT)
    assert sweep(engine, settings, now) == 1
    assert [mail.case_id for mail in desk.outbox()] == [answerable]


@on_sqlite
def test_the_first_message_decides_whether_a_case_is_answered(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.confirmed(now, COMPLAINT, may_answer=False)
    desk.message(now + timedelta(hours=2), case_id)
    assert not process_one(engine, settings, now)


@on_sqlite
def test_a_case_acknowledged_by_telephone_owes_no_letter(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    with open_session(engine) as session:
        acknowledge(session, case_id, settings=settings, now=now, actor="officer:1", how="by telephone")
        session.commit()
    assert not process_one(engine, settings, now)


@on_sqlite
def test_a_case_corrected_before_its_letter_went_out_gets_the_right_one_alone(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.confirmed(now, COMPLIMENT)
    process_one(engine, settings, now)
    desk.confirm(case_id, COMPLAINT, now)
    process_one(engine, settings, now)
    assert [(mail.letter, mail.state) for mail in desk.outbox()] == [
        ("acknowledge-compliment", "withdrawn"),
        ("acknowledge-complaint", "waiting"),
    ]
    with open_session(engine) as session:
        assert "letter withdrawn" in session.exec(select(Event.kind).where(Event.case_id == case_id)).all()


def test_letters_over_the_days_number_wait_for_another_day_and_hold_up_nobody(
    engine: Engine, now: datetime, desk: Desk, changed: Callable[..., Settings]
) -> None:
    settings = changed("outgoing", letters_per_address_and_day=2)
    for _ in range(3):
        desk.confirmed(now, COMPLAINT, sender_email="Often@home.example")
    desk.confirmed(now, COMPLAINT)
    assert sweep(engine, settings, now) == 3
    assert [mail.recipient for mail in desk.outbox()] == ["often@home.example"] * 2 + ["pat@home.example"]
    assert sweep(engine, settings, now + timedelta(days=1)) == 1


@on_sqlite
def test_a_broken_letter_holds_up_no_other_and_is_written_once_mended(
    engine: Engine, now: datetime, desk: Desk, own_letters: Settings
) -> None:
    letter = own_letters.path(own_letters.outgoing.letters) / "acknowledge-complaint.txt"
    shipped = letter.read_text()
    letter.write_text("Subject: {{ oops }}\n")
    desk.confirmed(now, COMPLAINT)
    desk.confirmed(now, COMPLIMENT)
    assert sweep(engine, own_letters, now) == 1
    letter.write_text(shipped)
    assert sweep(engine, own_letters, now) == 1
    assert [mail.letter for mail in desk.outbox()] == ["acknowledge-compliment", "acknowledge-complaint"]


@on_sqlite
def test_what_a_resident_writes_in_the_subject_stays_on_its_line(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.confirmed(now, COMPLAINT, subject="The bus\r\nBcc: everybody@home.example {{ council }}")
    process_one(engine, settings, now)
    message = read(desk.outbox()[0])
    assert message["Bcc"] is None
    assert (
        "You wrote to us about: The bus Bcc: everybody@home.example {{ council }}"
        in text_of(desk.outbox()[0]).splitlines()
    )


def test_two_workers_at_once_write_one_letter_for_each_case(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    cases = [desk.confirmed(now, COMPLAINT, sender_email=f"pat{number}@home.example") for number in range(5)]
    assert sum(both(lambda: sweep(engine, settings, now))) == 5
    assert sorted(mail.case_id or 0 for mail in desk.outbox()) == cases


def test_a_letter_waits_for_an_officer_who_is_correcting_its_case(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.confirmed(now, COMPLIMENT)
    with ThreadPoolExecutor(1) as pool, open_session(engine) as session:
        confirm(session, case_id, COMPLAINT, officer_id=1, settings=settings, now=now)
        written = pool.submit(process_one, engine, settings, now)
        with pytest.raises(TimeoutError):
            written.result(timeout=0.3)
        session.commit()
        assert written.result(timeout=30)
    assert [mail.letter for mail in desk.outbox()] == ["acknowledge-complaint"]


def test_a_crash_before_the_commit_neither_loses_nor_doubles_the_letter(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.confirmed(now, COMPLAINT)
    with monkeypatch.context() as crash:
        crash.setattr(Session, "commit", _die)
        with pytest.raises(SQLAlchemyError):
            process_one(engine, settings, now)
    assert desk.outbox() == []
    assert sweep(engine, settings, now) == 1
    assert len(desk.outbox()) == 1


def _die(_session: Session) -> None:
    raise SQLAlchemyError("the machine lost its power")


def suggest_risk(engine: Engine, case_id: int, now: datetime, at_risk: bool = True) -> None:
    """A model's suggestion about the latest message of a case."""
    with open_session(engine) as session:
        latest = select(Message.id).where(Message.case_id == case_id).order_by(col(Message.id).desc())
        message_id = session.exec(latest).first()
        assert message_id is not None
        session.add(Suggestion(message_id=message_id, model="1", created_at=now, at_risk=at_risk))
        session.commit()


def test_the_duty_officer_is_told_of_a_suggestion_of_risk_before_anybody_confirms_it(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.awaiting(now, subject="He hits me", text="He hits me every night", new_text="He hits me every night")
    suggest_risk(engine, case_id, now)
    assert process_one(engine, settings, now)
    assert not process_one(engine, settings, now)
    [mail] = desk.outbox()
    reference = desk.case(case_id).reference
    assert (mail.once, mail.kind, mail.recipient) == ("alert:message:1", "alert", "duty@ardenshire.example")
    assert f"/cases/{reference}" in text_of(mail)
    assert reference in mail.subject
    assert b"hits" not in mail.content


def test_the_duty_officer_is_told_of_a_case_that_an_officer_says_is_at_risk(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.confirmed(now, replace(COMPLAINT, at_risk=True))
    assert sweep(engine, settings, now) == 2
    assert [mail.kind for mail in desk.outbox()] == ["alert", "letter"]


def test_the_duty_officer_is_told_of_a_further_message_on_a_case_that_was_harmless(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    sweep(engine, settings, now)
    desk.message(now + timedelta(days=2), case_id)
    suggest_risk(engine, case_id, now)
    assert sweep(engine, settings, now) == 1
    assert desk.outbox()[-1].kind == "alert"


def test_an_old_message_that_an_officer_judged_harmless_raises_no_alert_when_suggested_anew(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    suggest_risk(engine, case_id, now)
    assert sweep(engine, settings, now) == 1
    assert [mail.kind for mail in desk.outbox()] == ["letter"]


@on_sqlite
def test_no_suggestion_of_risk_raises_no_alert(engine: Engine, settings: Settings, now: datetime, desk: Desk) -> None:
    case_id = desk.awaiting(now)
    suggest_risk(engine, case_id, now, at_risk=False)
    assert not process_one(engine, settings, now)


def test_two_workers_at_once_write_one_alert(engine: Engine, settings: Settings, now: datetime, desk: Desk) -> None:
    case_id = desk.awaiting(now)
    suggest_risk(engine, case_id, now)
    assert sorted(both(lambda: process_one(engine, settings, now))) == [False, True]


@on_sqlite
def test_a_council_without_a_duty_address_gets_no_alert(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, changed: Callable[..., Settings]
) -> None:
    case_id = desk.awaiting(now)
    suggest_risk(engine, case_id, now)
    nobody = settings.council.addresses.model_copy(update={"duty": None})
    assert not process_one(engine, changed("council", addresses=nobody), now)
