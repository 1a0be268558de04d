"""What servers say when they can't, or don't want to: Dovecot's own words, and those of others in Dovecot's mouth."""

from collections.abc import Iterator

import pytest

from postroom.intake.filing import process_one as file_one
from postroom.models.failures import LoginRefused, PostroomError, Throttled, Unreachable
from postroom.models.settings import Settings
from tests.intake.polling import Pollers, SetClock, numbered
from tests.servers.dovecot import Dovecot
from tests.servers.imap_server import FOLDER
from tests.servers.tcp_proxy import TcpProxy, tcp_proxy

pytestmark = pytest.mark.dovecot

SELECT = rb"OK \[READ-(?:ONLY|WRITE)\] (?:Select|Examine) completed"
SEARCH = rb"OK Search completed"
FETCH = rb"OK Fetch completed"
LOGIN = rb"OK (?:\[[^\]]*\] )?Logged in"


@pytest.fixture
def proxy(dovecot_only: Dovecot) -> Iterator[TcpProxy]:
    with tcp_proxy(dovecot_only.port) as between:
        yield between


@pytest.mark.parametrize(
    ("when", "words", "expected", "seconds"),
    [
        (SELECT, b"NO [LIMIT] Rate limit hit.", Throttled, 30),
        (SELECT, b"NO [INUSE] Timeout while waiting for lock", Throttled, 30),
        (SELECT, b"NO [UNAVAILABLE] Server is shutting down", Unreachable, 5),
        (SELECT, b"NO [SERVERBUG] Internal error occurred.", Unreachable, 5),
        (SELECT, b"NO Mailbox is locked", Unreachable, 5),
        (SELECT, b"BAD User is authenticated but not connected.", Unreachable, 5),
        (SELECT, b"BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds", Throttled, 299.961),
        (SEARCH, b"NO [ALERT] Account exceeded command or bandwidth limits. (Failure)", Throttled, 30),
        (SEARCH, b"NO [OVERQUOTA] Too many requests", Throttled, 30),
        (FETCH, b"NO [LIMIT] Rate limit hit.", Throttled, 30),
        (FETCH, b"NO [UNAVAILABLE] Some messages could not be FETCHed", Unreachable, 5),
        (LOGIN, b"NO [UNAVAILABLE] Temporary authentication failure.", Unreachable, 5),
        (LOGIN, b"NO [INUSE] Too many simultaneous connections.", Throttled, 30),
        (LOGIN, b"NO [AUTHENTICATIONFAILED] Authentication failed.", LoginRefused, 60),
    ],
)
def test_a_no_is_obeyed_and_read_on_after_the_pause(
    pollers: Pollers,
    dovecot_only: Dovecot,
    proxy: TcpProxy,
    clock: SetClock,
    when: bytes,
    words: bytes,
    expected: type[PostroomError],
    seconds: float,
) -> None:
    dovecot_only.deliver(numbered(1))
    poller = pollers(dovecot_only.mailbox(port=proxy.port))
    proxy.say_instead(when, words)
    with pytest.raises(expected):
        poller.process_one()
    connections = proxy.connections
    proxy.flow()
    clock.forward(seconds=seconds - 0.01)
    assert poller.process_one() is False
    assert (proxy.connections, pollers.raw()) == (connections, [])
    assert pollers.cursor.error
    clock.forward(seconds=0.02)
    pollers.drained(poller)
    assert (pollers.contents(), pollers.cursor.error) == ([numbered(1)], "")


def test_a_goodbye_in_the_middle_is_made_good_by_another_connection(
    pollers: Pollers, dovecot_only: Dovecot, proxy: TcpProxy, clock: SetClock
) -> None:
    poller = pollers(dovecot_only.mailbox(port=proxy.port))
    poller.process_one()
    dovecot_only.deliver(numbered(1))
    proxy.say_instead(rb"\* FLAGS ", b"* BYE [UNAVAILABLE] Disconnected for inactivity.\r\n* FLAGS ")
    with pytest.raises(Unreachable):
        poller.process_one()
    proxy.flow()
    clock.forward(minutes=1)
    pollers.drained(poller)
    assert pollers.contents() == [numbered(1)]


def test_a_folder_that_can_not_be_opened_is_read_once_it_can(
    pollers: Pollers, dovecot_only: Dovecot, clock: SetClock
) -> None:
    dovecot_only.deliver(numbered(1))
    folder = dovecot_only.folder / "mail" / f".{FOLDER}"
    poller = pollers(dovecot_only.mailbox())
    folder.chmod(0)
    try:
        with pytest.raises(Unreachable):
            poller.process_one()
    finally:
        folder.chmod(0o700)
    clock.forward(minutes=1)
    pollers.drained(poller)
    assert pollers.contents() == [numbered(1)]


@pytest.mark.parametrize("read", [0, 1, 2])
def test_a_folder_made_anew_in_the_middle_of_a_backlog_loses_nothing_and_opens_no_case_twice(
    pollers: Pollers, dovecot_only: Dovecot, settings: Settings, clock: SetClock, read: int
) -> None:
    dovecot_only.deliver(*map(numbered, range(6)))
    poller = pollers(dovecot_only.mailbox(), batch=2)
    for _ in range(read):
        poller.process_one()
    dovecot_only.new_validity()
    pollers.drained(poller)
    assert set(pollers.contents()) == set(map(numbered, range(6)))
    while file_one(pollers.engine, settings, clock()):
        pass
    states = [filing.state for filing in pollers.filings()]
    assert (states.count("on_case"), states.count("duplicate")) == (6, 2 * read)
