"""The instant receipt, where a council has it: at once, once, and to people alone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from postroom.models.settings import Settings
from postroom.notifications.acknowledgements import process_one
from postroom.notifications.owed import RECEIPT_WITHIN
from postroom.notifications.scheduler import sweep
from tests.notifications.conftest import COMPLAINT, Desk, on_sqlite
from tests.notifications.reading import read, text_of
from tests.notifications.together import both


@pytest.fixture
def instant(changed: Callable[..., Settings]) -> Settings:
    return changed("outgoing", instant_acknowledgement=True)


def test_a_receipt_says_at_once_that_the_message_is_here_and_no_more(
    engine: Engine, instant: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.awaiting(now, message_id="abc@home.example")
    assert process_one(engine, instant, now)
    assert not process_one(engine, instant, now)
    [mail] = desk.outbox()
    assert (mail.purpose, mail.recipient) == ("receipt", "pat@home.example")
    assert desk.case(case_id).reference in text_of(mail)
    assert "The bus never came" not in text_of(mail)
    assert read(mail)["Auto-Submitted"] == "auto-replied"
    assert read(mail)["In-Reply-To"] == "<abc@home.example>"


def test_the_full_acknowledgement_follows_in_the_same_thread(
    engine: Engine, instant: Settings, now: datetime, desk: Desk
) -> None:
    case_id = desk.awaiting(now)
    process_one(engine, instant, now)
    desk.confirm(case_id, COMPLAINT, now + timedelta(hours=1))
    assert desk.case(case_id).acknowledged_at is None
    assert process_one(engine, instant, now + timedelta(hours=1))
    receipt, acknowledgement = desk.outbox()
    assert (receipt.letter, acknowledgement.letter) == ("receipt", "acknowledge-complaint")
    assert receipt.message_id in read(acknowledgement)["References"].split()


@on_sqlite
def test_no_receipt_is_written_where_the_council_has_none(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.awaiting(now)
    assert not process_one(engine, settings, now)


@pytest.mark.parametrize(
    "values",
    [
        {"may_answer": False, "why_not": "an automatic answer"},
        {"machine": "auto_reply", "may_answer": False},
        {"sender_email": ""},
        {"sender_email": "pat@home.example,sam@home.example"},
    ],
)
@on_sqlite
def test_a_machine_gets_no_receipt_and_holds_up_nobody(
    engine: Engine, instant: Settings, now: datetime, desk: Desk, values: dict[str, Any]
) -> None:
    desk.awaiting(now, **values)
    answerable = desk.awaiting(now)
    assert sweep(engine, instant, now) == 1
    assert [mail.case_id for mail in desk.outbox()] == [answerable]


@on_sqlite
def test_a_receipt_is_instant_or_not_at_all(engine: Engine, instant: Settings, now: datetime, desk: Desk) -> None:
    desk.awaiting(now)
    assert not process_one(engine, instant, now + RECEIPT_WITHIN)
    assert process_one(engine, instant, now + RECEIPT_WITHIN - timedelta(seconds=1))


@on_sqlite
def test_who_has_the_acknowledgement_already_needs_no_receipt(
    engine: Engine, settings: Settings, instant: Settings, now: datetime, desk: Desk
) -> None:
    desk.confirmed(now, COMPLAINT)
    process_one(engine, settings, now)
    assert not process_one(engine, instant, now)


@on_sqlite
def test_receipts_count_among_the_letters_of_a_day_so_that_a_loop_ends(
    engine: Engine, now: datetime, desk: Desk, changed: Callable[..., Settings]
) -> None:
    settings = changed("outgoing", instant_acknowledgement=True, letters_per_address_and_day=2)
    for _ in range(5):
        desk.awaiting(now)
    assert sweep(engine, settings, now) == 2


def test_two_workers_at_once_write_one_receipt(engine: Engine, instant: Settings, now: datetime, desk: Desk) -> None:
    desk.awaiting(now)
    assert sorted(both(lambda: process_one(engine, instant, now))) == [False, True]
    assert len(desk.outbox()) == 1
