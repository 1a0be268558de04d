"""One contract for reading a mailbox, over two servers."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import select

from postroom.intake.filing import process_one as file_one
from postroom.intake.poller import LEASE, MailboxPoller
from postroom.models.database import open_session
from postroom.models.failures import NotStored, Unreachable
from postroom.models.mailbox import MailboxCursor
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.models.settings import Settings
from tests.intake.conftest import without_table
from tests.intake.mails import mail
from tests.servers.imap_server import FOLDER, ImapServer
from tests.servers.ports import free_port

Poll = Callable[..., MailboxPoller]


@pytest.fixture
def poller(sqlite: Engine, settings: Settings, imap: ImapServer, now: datetime) -> Iterator[Poll]:
    """Makes pollers of the server's mailbox, and closes them."""
    made: list[MailboxPoller] = []

    def make(clock: Callable[[], datetime] = lambda: now, batch: int = 50, **mailbox: Any) -> MailboxPoller:
        made.append(MailboxPoller(sqlite, settings, imap.mailbox(**mailbox), clock, batch))
        return made[-1]

    yield make
    for one in made:
        one.close()


def numbered(number: int) -> bytes:
    return mail(f"Message {number}", Subject=f"Number {number}", Message_ID=f"<{number}@home.example>")


def stored(engine: Engine) -> list[RawMessage]:
    with open_session(engine) as session:
        return list(session.exec(select(RawMessage).order_by(RawMessage.id)))  # type: ignore[arg-type]


def cursor(engine: Engine) -> MailboxCursor:
    with open_session(engine) as session:
        return session.exec(select(MailboxCursor)).one()


def test_an_empty_mailbox_is_read_without_work(poller: Poll, sqlite: Engine, now: datetime) -> None:
    assert poller().process_one() is False
    assert (cursor(sqlite).read_at, cursor(sqlite).on_server, cursor(sqlite).error) == (now, 0, "")


def test_new_mail_is_stored_once_byte_for_byte(poller: Poll, sqlite: Engine, imap: ImapServer) -> None:
    one = poller()
    imap.deliver(numbered(1), numbered(2))
    assert one.process_one() is True
    assert one.process_one() is False
    imap.deliver(numbered(3))
    assert one.process_one() is True
    assert [raw.content for raw in stored(sqlite)] == [numbered(1), numbered(2), numbered(3)]
    assert {raw.source for raw in stored(sqlite)} == {f"imap:{imap.name}"}
    assert cursor(sqlite).last_uid == imap.uids()[-1]
    assert cursor(sqlite).on_server == 3


def test_reading_sets_no_flag(poller: Poll, imap: ImapServer) -> None:
    imap.deliver(numbered(1))
    poller().process_one()
    assert imap.flags() == [()]


def test_a_full_mailbox_is_read_in_batches(poller: Poll, sqlite: Engine, imap: ImapServer) -> None:
    imap.deliver(*map(numbered, range(5)))
    one = poller(batch=2)
    assert [one.process_one() for _ in range(4)] == [True, True, True, False]
    assert [raw.content for raw in stored(sqlite)] == list(map(numbered, range(5)))


def test_a_message_deleted_on_the_server_stops_nothing(poller: Poll, sqlite: Engine, imap: ImapServer) -> None:
    one = poller()
    imap.deliver(numbered(1), numbered(2))
    one.process_one()
    imap.expunge(imap.uids()[-1])
    assert one.process_one() is False
    imap.deliver(numbered(3))
    assert one.process_one() is True
    assert len(stored(sqlite)) == 3


def test_the_cursor_stays_where_the_messages_could_not_be_stored(
    poller: Poll, sqlite: Engine, imap: ImapServer
) -> None:
    imap.deliver(numbered(1))
    one = poller()
    with without_table(sqlite, "filing"), pytest.raises(NotStored):
        one.process_one()
    assert cursor(sqlite).last_uid == 0
    assert cursor(sqlite).error
    assert one.process_one() is True
    assert len(stored(sqlite)) == 1
    assert cursor(sqlite).error == ""


def test_after_a_crash_before_the_cursor_moved_nothing_is_stored_twice(
    poller: Poll, sqlite: Engine, imap: ImapServer
) -> None:
    imap.deliver(numbered(1))
    one = poller()
    one.process_one()
    with sqlite.begin() as connection:
        connection.execute(text("UPDATE mailbox_cursor SET last_uid = 0"))
    assert one.process_one() is True
    assert len(stored(sqlite)) == 1


def test_a_new_uidvalidity_reads_everything_again_and_files_duplicates(
    poller: Poll, sqlite: Engine, imap: ImapServer, settings: Settings, now: datetime
) -> None:
    imap.deliver(numbered(1), numbered(2))
    one = poller()
    one.process_one()
    before = cursor(sqlite).uid_validity
    imap.new_validity()
    imap.deliver(numbered(3))
    while one.process_one():
        pass
    assert cursor(sqlite).uid_validity != before
    while file_one(sqlite, settings, now):
        pass
    with open_session(sqlite) as session:
        states = session.exec(select(Filing.state).order_by(Filing.raw_message_id)).all()  # type: ignore[arg-type]
    assert states == ["on_case", "on_case", "duplicate", "duplicate", "on_case"]


def test_a_message_that_is_too_large_is_held_with_its_headers_and_stays_on_the_server(
    sqlite: Engine, imap: ImapServer, settings: Settings, now: datetime
) -> None:
    imap.deliver(numbered(1), mail("x" * 5000, Subject="Large"), numbered(2))
    limited = settings.model_copy(update={"intake": settings.intake.model_copy(update={"maximum_bytes": 2000})})
    one = MailboxPoller(sqlite, limited, imap.mailbox(), lambda: now)
    assert one.process_one() is True
    one.close()
    large = stored(sqlite)[1]
    assert b"Subject: Large" in large.content
    assert len(large.content) < 2000
    with open_session(sqlite) as session:
        filing = session.get_one(Filing, large.id)
    assert filing.state == FilingState.HELD
    assert "too large" in filing.reason
    assert len(imap.uids()) == 3


def test_two_pollers_never_read_one_mailbox_together(poller: Poll, sqlite: Engine, imap: ImapServer) -> None:
    imap.deliver(numbered(1))
    first, second = poller(), poller()
    assert first.process_one() is True
    imap.deliver(numbered(2))
    assert second.process_one() is False
    assert len(stored(sqlite)) == 1
    first.close()
    assert second.process_one() is True


def test_a_mailbox_whose_poller_died_is_taken_over_after_the_lease(
    poller: Poll, imap: ImapServer, now: datetime
) -> None:
    dead = poller()
    dead.process_one()
    imap.deliver(numbered(1))
    later = poller(clock=lambda: now + LEASE + timedelta(seconds=1))
    assert later.process_one() is True
    assert dead.process_one() is False


def test_a_wrong_password_is_recorded_in_words(poller: Poll, sqlite: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_TEST_MAILBOX", "wrong")
    with pytest.raises(Unreachable) as failed:
        poller().process_one()
    assert cursor(sqlite).error == str(failed.value)
    assert "wrong" not in str(failed.value)
    assert cursor(sqlite).read_at is None


def test_a_server_that_is_away_is_tried_again_with_a_new_connection(
    poller: Poll, sqlite: Engine, imap: ImapServer
) -> None:
    away = poller(port=free_port())
    with pytest.raises(Unreachable):
        away.process_one()
    assert cursor(sqlite).error
    away.close()
    imap.deliver(numbered(1))
    assert poller().process_one() is True
    assert cursor(sqlite).error == ""


def test_a_folder_that_is_not_there_is_unreachable(poller: Poll) -> None:
    with pytest.raises(Unreachable):
        poller(folder="Nowhere").process_one()


def test_a_lost_connection_is_made_again(poller: Poll, sqlite: Engine, imap: ImapServer) -> None:
    one = poller()
    one.process_one()
    assert one._client is not None
    one._client.shutdown()
    imap.deliver(numbered(1))
    with pytest.raises(Unreachable):
        one.process_one()
    assert one.process_one() is True
    assert cursor(sqlite).folder == FOLDER
