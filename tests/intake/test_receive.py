"""The one door."""

from datetime import datetime

import pytest
from sqlalchemy import Engine, event
from sqlmodel import select

from postroom.intake.receive import Delivery, receive
from postroom.models.database import open_session
from postroom.models.failures import NotStored
from postroom.models.raw_message import Filing, FilingState, RawMessage
from tests.intake.conftest import without_table


def delivery(position: str, content: bytes = b"Subject: x\r\n\r\n\x00\xff") -> Delivery:
    return Delivery("imap:feedback", position, "email", content, "pat@home.example", ("feedback@ardenshire.example",))


def test_the_bytes_are_kept_as_they_came_and_wait_to_be_filed(engine: Engine, now: datetime) -> None:
    (number,) = receive(engine, [delivery("INBOX/1/1")], now)
    with open_session(engine) as session:
        raw, filing = session.get_one(RawMessage, number), session.get_one(Filing, number)
    assert raw.content == b"Subject: x\r\n\r\n\x00\xff"
    assert (raw.size, raw.received_at, raw.envelope_sender) == (16, now, "pat@home.example")
    assert raw.envelope_recipients == ["feedback@ardenshire.example"]
    assert (filing.state, filing.not_before, filing.attempts) == (FilingState.WAITING, now, 0)


def test_a_delivery_that_comes_again_keeps_its_number(engine: Engine, now: datetime) -> None:
    first = receive(engine, [delivery("1"), delivery("2")], now)
    again = receive(engine, [delivery("2"), delivery("3"), delivery("1"), delivery("3")], now)
    assert again == [first[1], again[1], first[0], again[1]]
    with open_session(engine) as session:
        assert len(session.exec(select(RawMessage.id)).all()) == 3


def test_many_deliveries_share_one_commit(engine: Engine, now: datetime) -> None:
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    receive(engine, [delivery(str(number)) for number in range(20)], now)
    assert len(commits) == 1


def test_what_cannot_be_stored_must_be_delivered_again(engine: Engine, now: datetime) -> None:
    with without_table(engine, "filing"), pytest.raises(NotStored):
        receive(engine, [delivery("1")], now)
    with open_session(engine) as session:
        assert session.exec(select(RawMessage)).all() == []


def test_a_channel_may_send_a_message_straight_to_the_holding_pen(engine: Engine, now: datetime) -> None:
    (number,) = receive(engine, [Delivery("smtp", "1", "email", b"", held_because="It is too large.")], now)
    with open_session(engine) as session:
        filing = session.get_one(Filing, number)
    assert (filing.state, filing.reason, filing.ended_at) == (FilingState.HELD, "It is too large.", now)


def test_addresses_that_no_database_takes_are_cleaned(engine: Engine, now: datetime) -> None:
    odd = Delivery("smtp", "1", "email", b"", "a\x00b\udcff@home.example", ("c\ud800\r\n@x.example",))
    (number,) = receive(engine, [odd], now)
    with open_session(engine) as session:
        assert session.get_one(RawMessage, number).envelope_sender == "ab\ufffd@home.example"
