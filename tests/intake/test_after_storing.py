"""What is done on the server to messages that are stored: after the commit, and once in effect."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from postroom.models.failures import NotStored
from postroom.reports.status import status
from tests.intake.conftest import without_table
from tests.intake.mails import mail
from tests.intake.polling import Pollers, SetClock, numbered
from tests.servers.dovecot import Dovecot, dovecot_server
from tests.servers.imap_server import PASSWORD_VARIABLE, ImapServer

FLAG = {"after_storing": "flag"}
MOVE = {"after_storing": "move", "move_to": "Stored by Postroom"}
CAPABILITIES = "imap_capability = IMAP4rev1 SASL-IR LITERAL+ NAMESPACE"


@pytest.fixture(scope="module")
def without_move() -> Iterator[Dovecot]:
    """A Dovecot that has UIDPLUS but does not know MOVE."""
    with dovecot_server(f"{CAPABILITIES} UIDPLUS\n") as server:
        yield server


@pytest.fixture(scope="module")
def without_either() -> Iterator[Dovecot]:
    with dovecot_server(f"{CAPABILITIES}\n") as server:
        yield server


def test_flagged_messages_stay_and_are_flagged_once(pollers: Pollers, imap: ImapServer, clock: SetClock) -> None:
    imap.deliver(numbered(1), numbered(2))
    poller = pollers(imap.mailbox(**FLAG))
    pollers.drained(poller)
    assert imap.flags() == [(b"\\Flagged",), (b"\\Flagged",)]
    imap.unflag()
    clock.forward(hours=2)
    pollers.drained(poller)
    assert imap.flags() == [(), ()]


def test_moved_messages_are_in_the_other_folder_and_nowhere_else(pollers: Pollers, imap: ImapServer) -> None:
    imap.deliver(*map(numbered, range(5)))
    pollers.drained(pollers(imap.mailbox(**MOVE), batch=2))
    assert imap.contents() == []
    assert sorted(imap.contents(MOVE["move_to"])) == list(map(numbered, range(5)))
    assert sorted(pollers.contents()) == list(map(numbered, range(5)))


def test_after_a_move_the_counts_are_right(pollers: Pollers, imap: ImapServer, clock: SetClock) -> None:
    imap.deliver(*map(numbered, range(3)))
    poller = pollers(imap.mailbox(**MOVE), batch=2)
    poller.process_one()
    assert (pollers.cursor.on_server, pollers.cursor.missing) == (1, 1)
    pollers.drained(poller)
    counted = status(pollers.engine, pollers.settings, clock()).mailboxes[0]
    assert (counted.on_server, counted.stored, counted.missing) == (0, 3, 0)


@pytest.mark.parametrize("how", [FLAG, MOVE], ids=["flag", "move"])
def test_nothing_is_touched_where_nothing_was_stored(
    pollers: Pollers, imap: ImapServer, sqlite: Engine, how: dict[str, str]
) -> None:
    imap.deliver(numbered(1))
    with without_table(sqlite, "raw_message"), pytest.raises(NotStored):
        pollers(imap.mailbox(**how)).process_one()
    assert imap.contents() == [numbered(1)]
    assert imap.flags() == [()]


@pytest.mark.parametrize("how", [FLAG, MOVE], ids=["flag", "move"])
def test_a_crash_between_the_commit_and_the_server_is_made_up_for(
    pollers: Pollers, imap: ImapServer, how: dict[str, str]
) -> None:
    imap.deliver(numbered(1), numbered(2))
    first = pollers(imap.mailbox())  # leaves them, as one does that died after the commit
    pollers.drained(first)
    first.close()
    pollers.drained(pollers(imap.mailbox(**how)))
    assert len(pollers.raw()) == 2
    if how is FLAG:
        assert imap.flags() == [(b"\\Flagged",), (b"\\Flagged",)]
    else:
        assert (imap.contents(), imap.contents(MOVE["move_to"])) == ([], [numbered(1), numbered(2)])


def test_what_is_held_because_it_is_not_whole_stays_where_it_is(
    pollers: Pollers, imap: ImapServer, sqlite: Engine
) -> None:
    large = mail("x" * 5000, Subject="Large")
    imap.deliver(numbered(1), large)
    for _ in range(2):
        poller = pollers(imap.mailbox(**MOVE), maximum_bytes=2000)
        pollers.drained(poller)
        poller.close()
        assert imap.contents() == [large]
        with sqlite.begin() as connection:  # as if the poller had died before it wrote this
            connection.execute(text("UPDATE mailbox_cursor SET done_uid = 0"))


def test_what_others_marked_as_deleted_is_not_expunged(
    pollers: Pollers, without_move: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, without_move.password)
    without_move.start_folder()
    without_move.deliver(*map(numbered, range(3)))
    one = pollers(without_move.mailbox(**MOVE), batch=1)
    without_move.mark_deleted(without_move.uids()[2])
    one.process_one()
    assert without_move.contents() == [numbered(1), numbered(2)]
    pollers.drained(one)
    assert without_move.contents() == []
    assert without_move.contents(MOVE["move_to"]) == list(map(numbered, range(3)))


def test_a_server_that_can_not_move_without_touching_others_is_named_and_still_read(
    pollers: Pollers, without_either: Dovecot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, without_either.password)
    poller = pollers(without_either.mailbox(**MOVE))
    for number in range(3):
        without_either.deliver(numbered(number))
        assert poller.process_one() is True
    assert "MOVE or UIDPLUS" in pollers.cursor.error
    assert pollers.cursor.missing == 0
    assert without_either.contents() == pollers.contents() == list(map(numbered, range(3)))
    assert len([record for record in caplog.records if "MOVE or UIDPLUS" in record.message]) == 1


def test_a_folder_that_can_not_be_moved_to_keeps_no_mail_waiting(pollers: Pollers, dovecot_only: Dovecot) -> None:
    poller = pollers(dovecot_only.mailbox(after_storing="move", move_to="bad//name"))
    dovecot_only.deliver(numbered(1))
    assert poller.process_one() is True
    assert "could not be moved" in pollers.cursor.error
    dovecot_only.deliver(numbered(2))
    assert poller.process_one() is True
    assert pollers.contents() == dovecot_only.contents() == [numbered(1), numbered(2)]
