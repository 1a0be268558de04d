"""What `postroom status` says of mailboxes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from postroom.intake.receive import Delivery, receive
from postroom.models.connection_settings import Secret
from postroom.models.database import open_session
from postroom.models.mailbox import MailboxCursor
from postroom.models.settings import Mailbox, Settings
from postroom.reports.status import Status, as_text, status


@pytest.fixture
def with_mailbox(settings: Settings) -> Settings:
    mailbox = Mailbox(name="feedback", host="imap.council.example", user="u", password=Secret(env="P"))
    intake = settings.intake.model_copy(update={"mailboxes": [mailbox], "alarm_after_minutes": 15})
    return settings.model_copy(update={"intake": intake})


def read(engine: Engine, settings: Settings, now: datetime, minutes_ago: float, **cursor: object) -> Status:
    values = {"mailbox": "feedback", "folder": "INBOX", "read_at": now - timedelta(minutes=minutes_ago)} | cursor
    with open_session(engine) as session:
        session.add(MailboxCursor.model_validate(values))
        session.commit()
    return status(engine, settings, now)


@pytest.mark.parametrize(("minutes_ago", "alarm"), [(0, False), (14.9, False), (15, True), (1000, True)])
def test_a_mailbox_not_read_for_the_configured_time_is_an_alarm(
    engine: Engine, with_mailbox: Settings, now: datetime, minutes_ago: float, alarm: bool
) -> None:
    told = read(engine, with_mailbox, now, minutes_ago, error="away")
    assert told.as_dict()["mailboxes"][0]["alarm"] is alarm
    assert ("ALARM: Mailbox feedback/INBOX" in as_text(told)) is alarm
    assert "FAILING: away" in as_text(told)


def test_a_configured_mailbox_that_was_never_read_is_an_alarm(
    engine: Engine, with_mailbox: Settings, now: datetime
) -> None:
    told = status(engine, with_mailbox, now)
    assert told.mailboxes[0].alarm
    assert "ALARM: Mailbox feedback/INBOX: never read" in as_text(told)


def test_a_mailbox_that_is_no_longer_configured_is_shown_without_an_alarm(
    engine: Engine, settings: Settings, now: datetime
) -> None:
    told = read(engine, settings, now, 1000)
    assert [(mailbox.mailbox, mailbox.alarm) for mailbox in told.mailboxes] == [("feedback", False)]


def test_a_message_that_came_in_twice_is_counted_once_and_what_is_missing_is_said(
    engine: Engine, with_mailbox: Settings, now: datetime
) -> None:
    contents = [b"one", b"two", b"one"]
    positions = ["INBOX/1/1", "INBOX/1/2", "INBOX/2/1"]
    deliveries = [
        Delivery("imap:feedback", position, "email", content)
        for position, content in zip(positions, contents, strict=True)
    ]
    receive(engine, deliveries, now)
    told = read(engine, with_mailbox, now, 0, on_server=3, missing=1)
    assert (told.mailboxes[0].on_server, told.mailboxes[0].stored, told.mailboxes[0].missing) == (3, 2, 1)
    assert "3 on the server, 2 stored, 1 NOT STORED YET" in as_text(told)
