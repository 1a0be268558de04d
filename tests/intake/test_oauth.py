"""Mailboxes without a password: tokens from an issuer, XOAUTH2 at Dovecot, which asks the issuer about them."""

import logging
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from postroom.models.connection_settings import OAuth, Secret
from postroom.models.failures import ConfigurationError, LoginRefused, PostroomError, Throttled, Unreachable
from postroom.models.oauth import Tokens
from postroom.models.settings import Mailbox
from postroom.models.wire import Wire
from postroom.reports.status import status
from tests.intake.polling import Pollers, SetClock, in_background, numbered, within
from tests.servers.dovecot import USER, Dovecot, dovecot_server
from tests.servers.ports import free_port
from tests.servers.tcp_proxy import tcp_proxy
from tests.servers.token_issuer import CLIENT_ID, CLIENT_SECRET, TokenIssuer, token_issuer
from tests.waiting import wait_for

SECRET_VARIABLE = "POSTROOM_TEST_CLIENT_SECRET"
XOAUTH2 = """\
auth_mechanisms = plain login xoauth2
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}
"""


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenIssuer]:
    monkeypatch.setenv(SECRET_VARIABLE, CLIENT_SECRET)
    with token_issuer(USER) as running:
        yield running


@pytest.fixture
def dovecot_with_tokens(issuer: TokenIssuer) -> Iterator[Dovecot]:
    """Dovecot that lets in whoever brings a token which the issuer says is good."""
    asking = (
        f"introspection_url = {issuer.introspection_url}\nintrospection_mode = post\n"
        "username_attribute = username\nactive_attribute = active\nactive_value = true\n"
    )
    with dovecot_server(XOAUTH2, files={"oauth2.conf": asking}) as server:
        yield server


def oauth(issuer: TokenIssuer, **changes: object) -> OAuth:
    values = {"token_url": issuer.url, "client_id": CLIENT_ID, "client_secret": {"env": SECRET_VARIABLE}}
    return OAuth.model_validate(values | changes)


def mailbox(server: Dovecot, issuer: TokenIssuer, **changes: object) -> Mailbox:
    return server.mailbox(password=None, oauth=oauth(issuer).model_dump(), **changes)


def tokens(issuer: TokenIssuer, clock: SetClock, **changes: object) -> Tokens:
    return Tokens(oauth(issuer, **changes), Wire(), 5, clock)


def test_a_token_is_asked_for_as_the_standard_says_and_kept_until_shortly_before_it_ends(
    issuer: TokenIssuer, clock: SetClock
) -> None:
    source = tokens(issuer, clock)
    assert [source.token(), source.token()] == ["token-1", "token-1"]
    assert issuer.asked == [
        {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "scope": "https://outlook.office365.com/.default",
        }
    ]
    clock.forward(minutes=54)
    assert source.token() == "token-1"
    clock.forward(minutes=2)
    assert source.token() == "token-2"


def test_a_token_that_lives_shortly_is_still_kept(issuer: TokenIssuer, clock: SetClock) -> None:
    issuer.life_seconds = 60
    source = tokens(issuer, clock)
    source.token()
    clock.forward(seconds=50)
    assert source.token() == "token-1"


@pytest.mark.parametrize(
    ("answer", "failure", "words"),
    [
        ((429, b'{"error": "too_many_requests"}'), Throttled, "too many requests"),
        ((503, b"<html>Service unavailable</html>"), Unreachable, "token server 127.0.0.1"),
        ((503, b"{}"), Unreachable, "answered 503 without a token"),
        ((200, b"{}"), Unreachable, "answered 200 without a token"),
        ((200, b'{"access_token": 5}'), Unreachable, "answered 200 without a token"),
        ((200, b"[]"), Unreachable, "something that is no token"),
        ((200, b"\xff" * 100_000), Unreachable, "token server 127.0.0.1"),
        ((400, b'{"error": "invalid_scope"}'), LoginRefused, "no token, 400: invalid_scope"),
    ],
)
def test_an_issuer_that_gives_no_token_says_why(
    issuer: TokenIssuer, clock: SetClock, answer: tuple[int, bytes], failure: type[PostroomError], words: str
) -> None:
    issuer.answer = answer
    with pytest.raises(failure, match=words):
        tokens(issuer, clock).token()


def test_an_issuer_that_is_away_is_unreachable(issuer: TokenIssuer, clock: SetClock) -> None:
    with pytest.raises(Unreachable, match="refused"):
        tokens(issuer, clock, token_url=f"http://127.0.0.1:{free_port()}/token").token()


def test_a_secret_that_is_not_there_is_named(
    issuer: TokenIssuer, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SECRET_VARIABLE)
    with pytest.raises(ConfigurationError, match=SECRET_VARIABLE):
        tokens(issuer, clock).token()


@pytest.mark.dovecot
def test_a_mailbox_is_read_with_a_token_that_is_renewed(
    pollers: Pollers, dovecot_with_tokens: Dovecot, issuer: TokenIssuer, clock: SetClock
) -> None:
    with tcp_proxy(dovecot_with_tokens.port) as proxy:
        poller = pollers(mailbox(dovecot_with_tokens, issuer, port=proxy.port))
        for number in range(3):
            dovecot_with_tokens.deliver(numbered(number))
            assert poller.process_one() is True
            proxy.cut()
            clock.forward(minutes=40)
    assert proxy.connections == 3
    assert len(issuer.asked) == 2
    assert pollers.contents() == list(map(numbered, range(3)))


@pytest.mark.dovecot
def test_a_token_that_the_mailbox_refuses_is_not_used_again(
    pollers: Pollers, dovecot_with_tokens: Dovecot, issuer: TokenIssuer, clock: SetClock
) -> None:
    poller = pollers(mailbox(dovecot_with_tokens, issuer))
    poller.process_one()
    poller.close()
    issuer.good.clear()
    with pytest.raises(LoginRefused, match="refused the login of feedback") as refused:
        poller.process_one()
    assert "token-1" not in str(refused.value)
    clock.forward(minutes=2)
    dovecot_with_tokens.deliver(numbered(1))
    assert poller.process_one() is True


@pytest.mark.dovecot
def test_a_token_failure_is_loud(
    pollers: Pollers,
    dovecot_with_tokens: Dovecot,
    issuer: TokenIssuer,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "expired")
    box = mailbox(dovecot_with_tokens, issuer)
    poller = pollers(box)
    while clock() < poller._started + timedelta(minutes=20):
        clock.forward(minutes=5)
        with pytest.raises(LoginRefused):
            poller.process_one()
        clock.now = max(clock.now, poller._not_before)
    assert "dovecot: token server 127.0.0.1: no token, 401: invalid_client: AADSTS7000215" in pollers.cursor.error
    assert "expired" not in pollers.cursor.error
    assert [r.levelno for r in caplog.records if "AADSTS7000215" in r.message] == [logging.ERROR]
    configured = pollers.settings.intake.model_copy(update={"mailboxes": [box]})
    told = status(pollers.engine, pollers.settings.model_copy(update={"intake": configured}), clock()).mailboxes[0]
    assert (told.alarm, told.error) == (True, pollers.cursor.error)


def test_an_issuer_that_hangs_is_left_at_the_deadline_and_when_we_stop(
    pollers: Pollers, dovecot_only: Dovecot, issuer: TokenIssuer, clock: SetClock
) -> None:
    issuer.hangs = threading.Event()
    with within(5), pytest.raises(Unreachable, match="longer than"):
        pollers(mailbox(dovecot_only, issuer, deadline_seconds=0.2)).process_one()
    clock.forward(hours=1)
    stopped = pollers(mailbox(dovecot_only, issuer))
    with in_background(stopped.process_one):
        wait_for(lambda: len(issuer.asked) == 2, "the request")
        with within(2):
            stopped.stop()


def test_a_token_never_travels_in_clear_text() -> None:
    with pytest.raises(ValueError, match="https://"):
        OAuth(token_url="http://login.example/token", client_id="c", client_secret=Secret(env="S"))
