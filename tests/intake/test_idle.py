"""IDLE is a hint: mail comes in at once where the server speaks it, and comes in without it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from postroom.intake import imap_connection
from postroom.intake.poller import IDLE_FAILURES, MailboxPoller
from postroom.models.failures import PostroomError
from tests.intake.polling import Pollers, numbered, within
from tests.servers.dovecot import Dovecot, dovecot_server
from tests.servers.imap_server import PASSWORD_VARIABLE, ImapServer
from tests.servers.tcp_proxy import tcp_proxy
from tests.waiting import wait_for


class Steps:
    """A poller whose steps are repeated in a thread, and counted."""

    def __init__(self, poller: MailboxPoller) -> None:
        self.poller, self.begun, self.failed = poller, 0, 0
        self._stop = threading.Event()

    def run(self) -> None:
        while not self._stop.is_set():
            self.begun += 1
            try:
                self.poller.step()
            except PostroomError:
                self.failed += 1

    @contextmanager
    def repeated(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self.poller.stop()
            thread.join(10)
            assert not thread.is_alive()


@pytest.fixture
def in_idle(monkeypatch: pytest.MonkeyPatch) -> Callable[[], bool]:
    """Whether a poller is in IDLE now."""
    entered = threading.Event()
    check = imap_connection.IMAPClient.idle_check

    def noticed(client: object, timeout: float) -> object:
        entered.set()
        return check(client, timeout)

    monkeypatch.setattr(imap_connection.IMAPClient, "idle_check", noticed)

    def was_entered() -> bool:
        found = entered.is_set()
        entered.clear()
        return found

    return was_entered


def test_mail_is_stored_as_soon_as_it_arrives(pollers: Pollers, imap: ImapServer, in_idle: Callable[[], bool]) -> None:
    steps = Steps(pollers(imap.mailbox(poll_seconds=60)))
    with steps.repeated():
        for number in range(3):
            wait_for(in_idle, "IDLE")
            imap.deliver(numbered(number))
            with within(5):
                wait_for(lambda seen=number: len(pollers.raw()) > seen, "the message")
    assert steps.failed == 0


def test_idle_is_renewed(pollers: Pollers, dovecot_only: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.intake.poller.LONGEST_IDLE", 0.05)
    steps = Steps(pollers(dovecot_only.mailbox(poll_seconds=3600)))
    with steps.repeated():
        wait_for(lambda: steps.begun > 5, "five renewals", 10)
    assert steps.failed == 0


def test_a_connection_closed_in_idle_is_noticed_and_made_again(
    pollers: Pollers, dovecot_only: Dovecot, in_idle: Callable[[], bool]
) -> None:
    with tcp_proxy(dovecot_only.port) as proxy:
        steps = Steps(pollers(dovecot_only.mailbox(port=proxy.port, poll_seconds=60)))
        with steps.repeated():
            wait_for(in_idle, "IDLE")
            proxy.cut()
            wait_for(lambda: proxy.connections == 2, "another connection", 5)
            wait_for(in_idle, "IDLE")
            dovecot_only.deliver(numbered(1))
            wait_for(pollers.raw, "the message", 5)
        assert steps.begun < 10, "it span"


def test_a_server_restarted_while_in_idle_is_read_again(
    pollers: Pollers, dovecot_only: Dovecot, in_idle: Callable[[], bool]
) -> None:
    poller = pollers(dovecot_only.mailbox(poll_seconds=0.3))
    steps = Steps(poller)
    with steps.repeated():
        wait_for(in_idle, "IDLE")
        dovecot_only.kill()
        dovecot_only.start()
        dovecot_only.deliver(numbered(1))

        def stored() -> bool:
            pollers.clock.forward(minutes=10)  # over the pause after a failed login
            return bool(pollers.raw())

        wait_for(stored, "the message", 10)


def test_where_idle_never_works_the_mailbox_is_polled(
    pollers: Pollers, dovecot_only: Dovecot, in_idle: Callable[[], bool]
) -> None:
    """A firewall that forgets a silent connection: IDLE never ends well, and only a timeout tells."""
    with tcp_proxy(dovecot_only.port) as proxy:
        poller = pollers(dovecot_only.mailbox(port=proxy.port, poll_seconds=0.05, timeout_seconds=0.1))
        for _ in range(IDLE_FAILURES):
            poller.process_one()
            proxy.stall()
            poller._wait()
            proxy.cut()
            proxy.flow()
        poller.process_one()
        connections = proxy.connections
        dovecot_only.deliver(numbered(1))
        for _ in range(3):
            poller.step()
        assert len(pollers.raw()) == 1
        assert proxy.connections == connections
        assert not in_idle()


def test_a_server_without_idle_is_polled_over_one_connection(pollers: Pollers, monkeypatch: pytest.MonkeyPatch) -> None:
    with dovecot_server("imap_capability = IMAP4rev1 UIDPLUS\n") as server, tcp_proxy(server.port) as proxy:
        monkeypatch.setenv(PASSWORD_VARIABLE, server.password)
        steps = Steps(pollers(server.mailbox(port=proxy.port, poll_seconds=0.05)))
        began = monotonic()
        with steps.repeated():
            wait_for(lambda: steps.begun > 3, "three polls", 10)
            server.deliver(numbered(1))
            wait_for(pollers.raw, "the message", 5)
        assert proxy.connections == 1
        assert steps.begun <= (monotonic() - began) / 0.05 + 2
