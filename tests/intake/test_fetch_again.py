"""Messages of which only a part could be fetched are asked for again until all of them is here."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from postroom.intake import fetch_again
from postroom.intake.filing import process_one as file_one
from postroom.intake.holding_pen import file_as_new, release
from postroom.models.database import open_session
from postroom.models.officer import Officer, Role
from postroom.models.raw_message import Filing, FilingState, HeldBecause
from postroom.models.settings import Settings
from postroom.reports.status import status
from tests.intake.conftest import Post
from tests.intake.mails import mail
from tests.intake.polling import Pollers, SetClock, numbered
from tests.servers.dovecot import Dovecot
from tests.servers.imap_server import ImapServer

LARGE = mail("x" * 5000, Subject="Large")


@pytest.fixture
def alice(pollers: Pollers, now: datetime) -> int:
    officer = Officer(email="alice@council.example", name="Alice", role=Role.OFFICER, password_hash="", created_at=now)
    with open_session(pollers.engine) as session:
        session.add(officer)
        session.commit()
        assert officer.id is not None
        return officer.id


def part(pollers: Pollers) -> Filing:
    return next(filing for filing in pollers.filings() if filing.held_because == HeldBecause.INCOMPLETE)


def broken_file(server: Dovecot) -> Path:
    """The file of the one mail in the folder; the server can't read it any more."""
    (file,) = server.mail_files()
    file.chmod(0)
    return file


@pytest.mark.dovecot
class TestGivenUp:
    @pytest.fixture
    def file(self, dovecot_only: Dovecot, pollers: Pollers) -> Path:
        dovecot_only.deliver(numbered(1))
        file = broken_file(dovecot_only)
        poller = pollers(dovecot_only.mailbox())
        pollers.drained(poller)
        poller.close()
        assert part(pollers).state == FilingState.HELD
        return file

    def test_it_is_asked_for_within_hours_and_takes_the_place_of_its_part(
        self, dovecot_only: Dovecot, pollers: Pollers, file: Path, settings: Settings, clock: SetClock
    ) -> None:
        file.chmod(0o600)
        poller = pollers(dovecot_only.mailbox(after_storing="move", move_to="Stored"))
        poller.process_one()
        assert len(pollers.raw()) == 1
        clock.forward(hours=4)
        pollers.drained(poller)
        first, whole = pollers.raw()
        assert whole.content == numbered(1)
        assert (part(pollers).state, part(pollers).duplicate_of_id) == (FilingState.DUPLICATE, whole.id)
        assert "came later" in part(pollers).reason
        while file_one(pollers.engine, settings, clock()):
            pass
        assert [filing.state for filing in pollers.filings()] == [FilingState.DUPLICATE, FilingState.ON_CASE]
        assert dovecot_only.contents() == []
        assert dovecot_only.contents("Stored") == [numbered(1)]
        assert first.content == b""
        assert status(pollers.engine, settings, clock()).mailboxes[-1].stored == 1

    def test_an_officer_has_it_asked_for_at_once(
        self, dovecot_only: Dovecot, pollers: Pollers, file: Path, alice: int, clock: SetClock
    ) -> None:
        file.chmod(0o600)
        release(pollers.engine, part(pollers).raw_message_id, officer_id=alice, now=clock())
        pollers.drained(pollers(dovecot_only.mailbox()))
        assert [raw.content for raw in pollers.raw()] == [b"", numbered(1)]

    def test_while_it_still_breaks_it_keeps_no_other_waiting(
        self, dovecot_only: Dovecot, pollers: Pollers, file: Path, clock: SetClock
    ) -> None:
        poller = pollers(dovecot_only.mailbox())
        clock.forward(hours=4)
        assert len(pollers.drained(poller)) == 1
        dovecot_only.deliver(numbered(2))
        assert poller.process_one() is True
        assert sorted(pollers.contents()) == [b"", numbered(2)]
        assert part(pollers).state == FilingState.HELD

    def test_one_that_is_gone_says_so(
        self, dovecot_only: Dovecot, pollers: Pollers, file: Path, clock: SetClock
    ) -> None:
        file.chmod(0o600)
        dovecot_only.expunge(1)
        clock.forward(hours=4)
        pollers.drained(pollers(dovecot_only.mailbox()))
        assert "in the mailbox no longer" in part(pollers).reason

    def test_a_part_that_an_officer_filed_stays_where_it_is(
        self, dovecot_only: Dovecot, pollers: Pollers, file: Path, alice: int, settings: Settings, clock: SetClock
    ) -> None:
        number = part(pollers).raw_message_id
        file_as_new(pollers.engine, number, settings=settings, officer_id=alice, now=clock())
        file.chmod(0o600)
        clock.forward(hours=4)
        pollers.drained(pollers(dovecot_only.mailbox()))
        assert (len(pollers.raw()), part(pollers).state) == (1, FilingState.ON_CASE)


def test_one_that_was_too_large_comes_whole_once_the_limit_is_raised(
    pollers: Pollers, imap: ImapServer, clock: SetClock
) -> None:
    imap.deliver(LARGE)
    narrow = pollers(imap.mailbox(), maximum_bytes=2000)
    pollers.drained(narrow)
    clock.forward(hours=4)
    pollers.drained(narrow)
    assert len(pollers.raw()) == 1
    assert "too large" in part(pollers).reason
    narrow.close()
    clock.forward(days=1)
    pollers.drained(pollers(imap.mailbox()))
    assert pollers.contents()[1:] == [LARGE]


@pytest.mark.dovecot
def test_a_file_that_was_cut_on_the_server_loses_and_doubles_nothing_else(
    pollers: Pollers, dovecot_only: Dovecot
) -> None:
    """Dovecot knows its size from before, announces it, and has fewer bytes to give."""
    content = mail("A line of words.\n" * 400, Message_ID="<cut@home.example>")
    dovecot_only.deliver(numbered(1), content, numbered(2))
    with dovecot_only.client() as client:
        client.select_folder("Feedback", readonly=True)
        client.fetch([1, 2, 3], ["RFC822.SIZE"])
    (cut,) = (file for file in dovecot_only.mail_files() if b"<cut@" in file.read_bytes())
    whole = cut.read_bytes()
    cut.write_bytes(whole[:1000])
    poller = pollers(dovecot_only.mailbox())
    pollers.drained(poller)
    assert {numbered(1), numbered(2)} <= set(pollers.contents())
    assert len(pollers.raw()) == 3
    (odd,) = (raw for raw in pollers.raw() if raw.content not in (numbered(1), numbered(2)))
    assert content.startswith(odd.content)
    assert part(pollers).raw_message_id == odd.id


def test_a_part_is_left_alone_for_longer_each_time_until_the_whole_is_here(post: Post) -> None:
    number = post.bring(mail(), held_because="Only its headers are here.")
    assert fetch_again.due(post.engine, "imap:feedback", "INBOX/1/", post.now) is None
    now, pauses = post.now, []
    for _ in range(5):
        before = now
        while (part := fetch_again.due(post.engine, "imap:feedback", "INBOX/1/", now)) is None:
            now += timedelta(hours=1)
        pauses.append((now - before) // timedelta(hours=1))
        fetch_again.put_off(post.engine, part, now)
    assert pauses == [1, 3, 6, 24, 24]
    whole = post.bring(mail("All of it."))
    fetch_again.supersede(post.engine, part, whole, now)
    filing = post.filing(number)
    assert (filing.state, filing.duplicate_of_id, filing.ended_at) == (FilingState.DUPLICATE, whole, now)
    assert fetch_again.due(post.engine, "imap:feedback", "INBOX/1/", now + timedelta(days=9)) is None


def test_a_part_in_another_folder_or_mailbox_is_not_asked_for(post: Post) -> None:
    post.bring(mail(), held_because="Only its headers are here.")
    later = post.now + timedelta(days=1)
    for source, folder in (("imap:other", "INBOX/1/"), ("imap:feedback", "INBOX/2/"), ("imap:feedback", "_NBOX/1/")):
        assert fetch_again.due(post.engine, source, folder, later) is None
