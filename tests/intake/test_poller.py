"""One contract for reading a mailbox, over two servers."""

import logging
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from postroom.intake.filing import process_one as file_one
from postroom.models.failures import LoginRefused, NotStored, Unreachable
from postroom.models.raw_message import FilingState
from postroom.models.settings import Settings
from postroom.reports.status import status
from tests.intake.conftest import without_table
from tests.intake.mails import mail
from tests.intake.polling import Pollers, SetClock, numbered
from tests.servers.imap_server import FOLDER, PASSWORD_VARIABLE, ImapServer
from tests.servers.ports import free_port
from tests.servers.tcp_proxy import tcp_proxy


def test_an_empty_mailbox_is_read_without_work(pollers: Pollers, imap: ImapServer, clock: SetClock) -> None:
    assert pollers(imap.mailbox()).process_one() is False
    cursor = pollers.cursor
    assert (cursor.read_at, cursor.on_server, cursor.missing, cursor.error) == (clock.now, 0, 0, "")


def test_new_mail_is_stored_once_byte_for_byte(pollers: Pollers, imap: ImapServer) -> None:
    poller = pollers(imap.mailbox())
    imap.deliver(numbered(1), numbered(2))
    assert poller.process_one() is True
    assert poller.process_one() is False
    imap.deliver(numbered(3))
    assert poller.process_one() is True
    assert pollers.contents() == [numbered(1), numbered(2), numbered(3)]
    assert {raw.source for raw in pollers.raw()} == {f"imap:{imap.name}"}
    assert pollers.cursor.last_uid == imap.uids()[-1]
    assert pollers.cursor.on_server == 3


def test_reading_sets_no_flag(pollers: Pollers, imap: ImapServer) -> None:
    imap.deliver(numbered(1))
    pollers(imap.mailbox()).process_one()
    assert imap.flags() == [()]


def test_a_full_mailbox_is_read_in_batches_and_says_what_is_missing(pollers: Pollers, imap: ImapServer) -> None:
    imap.deliver(*map(numbered, range(5)))
    poller = pollers(imap.mailbox(), batch=2)
    missing = []
    while poller.process_one():
        missing.append(pollers.cursor.missing)
    assert missing == [3, 1, 0]
    assert pollers.contents() == list(map(numbered, range(5)))


def test_a_message_deleted_on_the_server_stops_nothing(pollers: Pollers, imap: ImapServer) -> None:
    poller = pollers(imap.mailbox())
    imap.deliver(numbered(1), numbered(2))
    poller.process_one()
    imap.expunge(imap.uids()[-1])
    assert poller.process_one() is False
    imap.deliver(numbered(3))
    assert poller.process_one() is True
    assert len(pollers.raw()) == 3


def test_messages_expunged_between_the_search_and_the_fetch_are_passed_over(pollers: Pollers, imap: ImapServer) -> None:
    imap.deliver(*map(numbered, range(4)))
    poller = pollers(imap.mailbox(), batch=1)
    poller.process_one()
    for uid in imap.uids()[1:3]:
        imap.expunge(uid)
    assert pollers.drained(poller) == []
    assert pollers.contents() == [numbered(0), numbered(3)]
    assert (pollers.cursor.missing, pollers.cursor.on_server) == (0, 2)


def test_a_message_moved_away_and_back_is_filed_as_a_duplicate(
    pollers: Pollers, imap: ImapServer, settings: Settings, clock: SetClock
) -> None:
    imap.deliver(numbered(1))
    poller = pollers(imap.mailbox())
    poller.process_one()
    imap.move(FOLDER, "Elsewhere")
    assert poller.process_one() is False
    imap.move("Elsewhere", FOLDER)
    assert poller.process_one() is True
    while file_one(pollers.engine, settings, clock()):
        pass
    assert [filing.state for filing in pollers.filings()] == [FilingState.ON_CASE, FilingState.DUPLICATE]


def test_nothing_is_stored_and_nothing_counts_as_read_where_the_messages_could_not_be_stored(
    pollers: Pollers, sqlite: Engine, imap: ImapServer, clock: SetClock
) -> None:
    imap.deliver(numbered(1))
    poller = pollers(imap.mailbox())
    with without_table(sqlite, "raw_message"), pytest.raises(NotStored):
        poller.process_one()
    assert pollers.cursor.last_uid == 0
    assert pollers.cursor.error
    clock.forward(minutes=1)
    assert poller.process_one() is True
    assert len(pollers.raw()) == 1
    assert pollers.cursor.error == ""


def test_after_a_crash_before_the_cursor_moved_nothing_is_stored_twice(
    pollers: Pollers, sqlite: Engine, imap: ImapServer
) -> None:
    imap.deliver(numbered(1), numbered(2))
    poller = pollers(imap.mailbox())
    poller.process_one()
    poller.close()
    with sqlite.begin() as connection:
        connection.execute(text("UPDATE mailbox_cursor SET last_uid = 0, uid_validity = 0"))
    assert pollers.drained(pollers(imap.mailbox())) == []
    assert len(pollers.raw()) == 2


def test_a_message_that_the_journal_lacks_is_found_within_the_hour(
    pollers: Pollers, sqlite: Engine, imap: ImapServer, clock: SetClock
) -> None:
    imap.deliver(numbered(1), numbered(2))
    poller = pollers(imap.mailbox())
    poller.process_one()
    with sqlite.begin() as connection:
        connection.execute(text("DELETE FROM filing WHERE raw_message_id = 1"))
        connection.execute(text("DELETE FROM raw_message WHERE id = 1"))
    assert poller.process_one() is False
    clock.forward(hours=1)
    assert poller.process_one() is True
    assert sorted(pollers.contents()) == [numbered(1), numbered(2)]


def test_a_new_uidvalidity_reads_everything_again_and_files_duplicates(
    pollers: Pollers, imap: ImapServer, settings: Settings, clock: SetClock
) -> None:
    imap.deliver(numbered(1), numbered(2))
    poller = pollers(imap.mailbox())
    poller.process_one()
    before = pollers.cursor.uid_validity
    imap.new_validity()
    imap.deliver(numbered(3))
    pollers.drained(poller)
    assert pollers.cursor.uid_validity != before
    while file_one(pollers.engine, settings, clock()):
        pass
    assert [filing.state for filing in pollers.filings()] == ["on_case", "on_case", "duplicate", "duplicate", "on_case"]
    counted = status(pollers.engine, settings, clock()).mailboxes[0]
    assert (counted.on_server, counted.stored, counted.missing) == (3, 3, 0)


def test_a_message_that_is_too_large_is_held_with_its_headers_and_stays_on_the_server(
    pollers: Pollers, imap: ImapServer
) -> None:
    imap.deliver(numbered(1), mail("x" * 5000, Subject="Large"), numbered(2))
    pollers.drained(pollers(imap.mailbox(), maximum_bytes=2000))
    large = next(raw for raw in pollers.raw() if b"Subject: Large" in raw.content)
    assert len(large.content) < 2000
    held = [filing for filing in pollers.filings() if filing.state == FilingState.HELD]
    assert [filing.raw_message_id for filing in held] == [large.id]
    assert "too large" in held[0].reason
    assert len(imap.uids()) == len(pollers.raw()) == 3


def test_two_pollers_never_read_one_mailbox_together(pollers: Pollers, imap: ImapServer) -> None:
    imap.deliver(numbered(1))
    first, second = pollers(imap.mailbox()), pollers(imap.mailbox())
    assert first.process_one() is True
    imap.deliver(numbered(2))
    assert second.process_one() is False
    assert len(pollers.raw()) == 1
    first.close()
    assert second.process_one() is True


def test_a_mailbox_whose_poller_died_is_taken_over_after_the_deadline(
    pollers: Pollers, imap: ImapServer, clock: SetClock
) -> None:
    dead = pollers(imap.mailbox(deadline_seconds=20))
    dead.process_one()
    imap.deliver(numbered(1))
    clock.forward(seconds=26)
    assert pollers(imap.mailbox()).process_one() is True
    assert dead.process_one() is False


def test_a_wrong_password_is_recorded_in_words_and_not_tried_often(
    pollers: Pollers, imap: ImapServer, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    poller = pollers(imap.mailbox())
    pauses = []
    for _ in range(4):
        with pytest.raises(LoginRefused) as failed:
            poller.process_one()
        failed_at = clock.now
        while poller._not_before > clock.now:
            assert poller.process_one() is False
            clock.forward(seconds=30)
        pauses.append(clock.now - failed_at)
    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert pollers.cursor.error == str(failed.value)
    assert "wrong" not in str(failed.value)
    assert pollers.cursor.read_at is None


def test_a_server_that_is_away_is_tried_again(pollers: Pollers, imap: ImapServer) -> None:
    away = pollers(imap.mailbox(port=free_port()))
    with pytest.raises(Unreachable):
        away.process_one()
    assert pollers.cursor.error
    away.close()
    imap.deliver(numbered(1))
    assert pollers(imap.mailbox()).process_one() is True
    assert pollers.cursor.error == ""


def test_a_folder_that_is_not_there_is_unreachable(pollers: Pollers, imap: ImapServer) -> None:
    with pytest.raises(Unreachable, match=r"(?i)exist"):
        pollers(imap.mailbox(folder="Nowhere")).process_one()


def test_a_connection_that_was_lost_between_two_polls_is_made_again_at_once(pollers: Pollers, imap: ImapServer) -> None:
    poller = pollers(imap.mailbox())
    poller.process_one()
    assert poller._client is not None
    poller._client.shutdown()
    imap.deliver(numbered(1))
    assert poller.process_one() is True


def test_a_mailbox_that_is_not_read_raises_the_alarm_once_an_episode(
    pollers: Pollers, imap: ImapServer, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    with tcp_proxy(imap.port) as proxy:
        poller = pollers(imap.mailbox(port=proxy.port))
        for _ in range(2):
            proxy.flow()
            clock.forward(hours=1)
            pollers.drained(poller)
            proxy.refuse()
            for _ in range(20):
                clock.forward(minutes=1)
                with suppress(Unreachable):
                    poller.process_one()
    alarms = [record.levelno for record in caplog.records if "mailbox" in record.message]
    assert alarms == [logging.ERROR, logging.WARNING, logging.ERROR]
