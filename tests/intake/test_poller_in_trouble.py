"""A mailbox for years: Dovecot that is restarted and killed, and a network that breaks in every way."""

import logging
import random
import threading
from collections.abc import Iterator

import pytest

from postroom.intake.imap_fetch import ATTEMPTS, Fetched, Fetcher
from postroom.models.failures import Throttled, Unreachable
from postroom.models.raw_message import FilingState
from postroom.models.settings import Settings
from postroom.processes import pollers as daemons_of
from postroom.processes import running_daemons, utc_now
from tests.intake.mails import mail
from tests.intake.polling import Pollers, SetClock, in_background, numbered, within
from tests.servers.dovecot import Dovecot, dovecot_server
from tests.servers.imap_server import FOLDER, PASSWORD_VARIABLE
from tests.servers.ports import free_port
from tests.servers.tcp_proxy import TcpProxy, tcp_proxy
from tests.waiting import wait_for

pytestmark = pytest.mark.dovecot


@pytest.fixture
def proxy(dovecot_only: Dovecot) -> Iterator[TcpProxy]:
    """The network between the poller and Dovecot."""
    with tcp_proxy(dovecot_only.port) as between:
        yield between


def large(size: int) -> bytes:
    """A mail of about so many bytes, no two lines alike."""
    noise = random.Random(size).randbytes(size // 2)  # noqa: S311
    lines = noise.hex()
    return mail("\n".join(lines[i : i + 76] for i in range(0, len(lines), 76)), Subject="Large", Message_ID="<l@h.ex>")


def test_a_restart_of_the_server_between_two_polls_is_not_even_noticed(pollers: Pollers, dovecot_only: Dovecot) -> None:
    poller = pollers(dovecot_only.mailbox())
    poller.process_one()
    dovecot_only.stop()
    dovecot_only.start()
    dovecot_only.deliver(numbered(1))
    assert poller.process_one() is True
    assert pollers.contents() == [numbered(1)]


def test_a_server_that_is_killed_in_the_middle_of_a_backlog_loses_and_doubles_nothing(
    pollers: Pollers, dovecot_only: Dovecot, clock: SetClock
) -> None:
    dovecot_only.deliver(*map(numbered, range(30)))
    poller = pollers(dovecot_only.mailbox(), batch=4)
    for _ in range(3):
        poller.process_one()
        dovecot_only.kill()
        with pytest.raises(Unreachable):
            poller.process_one()
        dovecot_only.start()
        clock.forward(minutes=10)
    pollers.drained(poller)
    assert sorted(pollers.contents()) == sorted(map(numbered, range(30)))


@pytest.mark.parametrize("count", [20, 200, 600, 900, 1500, 2600])
def test_a_connection_that_breaks_anywhere_loses_and_doubles_nothing(
    pollers: Pollers, dovecot_only: Dovecot, proxy: TcpProxy, count: int
) -> None:
    dovecot_only.deliver(*map(numbered, range(12)))
    poller = pollers(dovecot_only.mailbox(port=proxy.port), batch=5)
    proxy.cut_after(count)
    assert len(pollers.drained(poller)) <= 1
    assert proxy.connections == 2
    assert pollers.contents() == list(map(numbered, range(12)))
    assert pollers.cursor.missing == 0


def test_a_half_open_connection_ends_within_the_timeout_and_is_made_again(
    pollers: Pollers, dovecot_only: Dovecot, proxy: TcpProxy, clock: SetClock
) -> None:
    poller = pollers(dovecot_only.mailbox(port=proxy.port, timeout_seconds=0.3))
    poller.process_one()
    proxy.stall()
    with within(3), pytest.raises(Unreachable, match="timed out"):
        poller.process_one()
    dovecot_only.deliver(numbered(1))
    proxy.flow()
    clock.forward(minutes=1)
    assert poller.process_one() is True


def test_a_server_that_drips_is_left_at_the_deadline(pollers: Pollers, dovecot_only: Dovecot, proxy: TcpProxy) -> None:
    proxy.drip(0.05)
    poller = pollers(dovecot_only.mailbox(port=proxy.port, deadline_seconds=0.5))
    with within(3), pytest.raises(Unreachable, match=r"longer than 0\.5 seconds"):
        poller.process_one()
    assert "longer than 0.5 seconds" in pollers.cursor.error


def test_a_huge_message_goes_on_where_the_connection_broke(
    pollers: Pollers, dovecot_only: Dovecot, proxy: TcpProxy, clock: SetClock
) -> None:
    content = large(7_500_000)
    dovecot_only.deliver(numbered(1), content, numbered(2))
    poller = pollers(dovecot_only.mailbox(port=proxy.port))
    broken = 0
    while len(pollers.raw()) < 3:
        proxy.cut_after(1_800_000)
        try:
            poller.process_one()
        except Unreachable:
            broken += 1
            clock.forward(hours=1)
        assert broken < 9
    assert broken > ATTEMPTS
    assert sorted(pollers.contents()) == sorted([numbered(1), content, numbered(2)])
    assert {filing.state for filing in pollers.filings()} == {FilingState.WAITING}


def test_a_message_too_slow_for_one_poll_is_fetched_over_several(dovecot_only: Dovecot) -> None:
    content = large(3_500_000)
    dovecot_only.deliver(content)
    impatient = Fetcher(10_000_000, patience_seconds=0)
    with dovecot_only.client() as client:
        client.select_folder(FOLDER, readonly=True)
        fetched = [impatient.fetch(client, [1]) for _ in range(4)]
    assert fetched == [[], [], [], [Fetched(1, content)]]


@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_message_that_the_server_cannot_hand_over_is_held_and_keeps_no_other_waiting(
    pollers: Pollers, dovecot_only: Dovecot, place: int
) -> None:
    dovecot_only.deliver(*map(numbered, range(7)))
    subject = f"Subject: Number {place}\n".encode()
    next(file for file in dovecot_only.mail_files() if subject in file.read_bytes().replace(b"\r", b"")).chmod(0)
    poller = pollers(dovecot_only.mailbox(after_storing="move", move_to="Stored"))
    assert len(pollers.drained(poller)) >= ATTEMPTS
    raw = {raw.id: raw.content for raw in pollers.raw()}
    held = [filing for filing in pollers.filings() if filing.state == FilingState.HELD]
    assert [raw[filing.raw_message_id] for filing in held] == [b""]
    assert f"in {ATTEMPTS} tries" in held[0].reason
    assert sorted(raw.values()) == sorted([b"", *(numbered(n) for n in range(7) if n != place)])
    next(file for file in dovecot_only.mail_files() if file.stat().st_mode & 0o777 == 0).chmod(0o600)
    assert dovecot_only.contents() == [numbered(place)]
    assert sorted(dovecot_only.contents("Stored")) == sorted(numbered(n) for n in range(7) if n != place)


def test_a_server_that_has_enough_of_us_is_left_alone(pollers: Pollers, monkeypatch: pytest.MonkeyPatch) -> None:
    with dovecot_server("protocol imap {\n  mail_max_userip_connections = 1\n}\n") as server, server.client():
        monkeypatch.setenv(PASSWORD_VARIABLE, server.password)
        poller = pollers(server.mailbox())
        pauses = []
        for _ in range(7):
            with pytest.raises(Throttled, match="Maximum number of connections"):
                poller.process_one()
            pauses.append((poller._not_before - pollers.clock.now).total_seconds())
            pollers.clock.now = poller._not_before
    assert pauses == [30, 60, 120, 240, 480, 900, 900]


def test_one_mailbox_that_fails_never_stops_another(
    pollers: Pollers, dovecot_only: Dovecot, settings: Settings, proxy: TcpProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.stall()
    mailboxes = [
        dovecot_only.mailbox(name="away", port=free_port()),
        dovecot_only.mailbox(name="silent", port=proxy.port, timeout_seconds=30),
        dovecot_only.mailbox(name="refused", user="feedback", password={"env": "POSTROOM_NO_SUCH_SECRET"}),
        dovecot_only.mailbox(name="well"),
    ]
    intake = settings.intake.model_copy(update={"mailboxes": mailboxes})
    daemons = daemons_of(pollers.engine, settings.model_copy(update={"intake": intake}), utc_now)
    with within(20), running_daemons(daemons):
        for number in range(3):
            dovecot_only.deliver(numbered(number))
            wait_for(lambda seen=number: len(pollers.raw()) > seen, "the message to be stored", 10)
    assert {raw.source for raw in pollers.raw()} == {"imap:well"}
    assert any(
        record.levelno == logging.ERROR and "POSTROOM_NO_SUCH_SECRET" in record.message for record in caplog.records
    )


@pytest.mark.parametrize("place", ["greeting", "select", "idle", "waiting"])
def test_it_stops_at_once_whatever_it_waits_for(
    pollers: Pollers, dovecot_only: Dovecot, proxy: TcpProxy, place: str
) -> None:
    poller = pollers(dovecot_only.mailbox(port=proxy.port, poll_seconds=60, idle=place != "waiting"))
    if place == "select":
        poller.process_one()
    if place in ("greeting", "select"):
        proxy.stall()
    ended = threading.Event()

    def run() -> None:
        poller.step()
        poller.close()
        ended.set()

    with in_background(run):
        wait_for(lambda: proxy.connections, "the connection")
        if place in ("idle", "waiting"):
            wait_for(lambda: pollers.raw() or pollers.cursor.read_at, "the first poll")
        assert not ended.wait(0.2)
        with within(2):
            poller.stop()
            assert ended.wait(5)
    assert pollers.cursor.held_by == ""
