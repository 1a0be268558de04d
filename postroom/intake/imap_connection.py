"""One connection to an IMAP server: opened, made secure, logged in; and what its failures mean."""

import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import LoginError

from postroom.intake.charsets import clean_line
from postroom.models.failures import ConfigurationError, LoginRefused, PostroomError, Throttled, Unreachable
from postroom.models.oauth import Tokens
from postroom.models.settings import Mailbox
from postroom.models.wire import Wire

GOODBYE_SECONDS = 1.0
_THROTTLED = re.compile(
    r"throttl|too many|backoff|rate limit|bandwidth limit|\[(?:LIMIT|INUSE|OVERQUOTA)\]|maximum number of conn", re.I
)
"""How servers say that it was too much: RFC 5530 and RFC 9051 codes, Exchange, Gmail and Dovecot."""
_PAUSE = re.compile(r"backoff time:? (\d{1,9}) milliseconds", re.I)
"""Exchange Online names the pause that it wants."""
_TEMPORARY = re.compile(r"\[(?:UNAVAILABLE|SERVERBUG|CONTACTADMIN)\]|temporar|try again", re.I)


class _Conversation(imaplib.IMAP4):
    """imaplib's protocol over a wire that can be cut."""

    def __init__(self, wire: Wire, host: str, port: int, seconds: float, context: ssl.SSLContext | None) -> None:
        self._wire, self._seconds, self._context = wire, seconds, context
        super().__init__(host, port)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        return self._wire.open(self.host, self.port, self._seconds, self._context)


class _Client(IMAPClient):  # type: ignore[misc]  # imapclient has no types
    def __init__(self, wire: Wire, mailbox: Mailbox, context: ssl.SSLContext | None) -> None:
        self._wire = wire
        seconds = mailbox.timeout_seconds
        super().__init__(
            mailbox.host,
            mailbox.port,
            ssl=context is not None,
            ssl_context=context,
            timeout=SocketTimeout(connect=seconds, read=seconds),
        )

    def _create_IMAP4(self) -> _Conversation:  # noqa: N802 (imapclient's name)
        return _Conversation(self._wire, self.host, self.port, self._timeout.connect, self.ssl_context)


def connect(wire: Wire, mailbox: Mailbox, ca_file: Path | None, tokens: Tokens | None) -> IMAPClient:
    """A client that is logged in. The password goes out only after TLS, where the settings ask for it."""
    secret = tokens.token() if tokens else mailbox.secret.read()
    context = _verifying(ca_file) if mailbox.tls or mailbox.starttls else None
    client = _Client(wire, mailbox, None if mailbox.starttls else context)
    try:
        if mailbox.starttls:
            client.starttls(context)
        _log_in(client, mailbox.user, secret, by_token=tokens is not None)
        client.capabilities()  # asked for here, where failures are expected; kept from now on
    except BaseException as error:
        hang_up(client)
        if tokens and isinstance(error, LoginRefused):
            tokens.forget()
        raise
    return client


def hang_up(client: IMAPClient, *, politely: bool = False) -> None:
    """Close the connection; `politely` with a LOGOUT, for whose answer nobody waits long."""
    if politely:
        with suppress(Exception):  # it is given up anyway
            client.socket().settimeout(GOODBYE_SECONDS)
            client.logout()
    with suppress(Exception):
        client.shutdown()


def idle(client: IMAPClient, seconds: float) -> bool:
    """Wait up to `seconds` for the server to say that something happened; whether it did (RFC 2177).

    A connection that was closed meanwhile is readable and says nothing: then ending IDLE fails.
    """
    until = monotonic() + seconds
    client.idle()
    said = client.idle_check(timeout=max(0.0, until - monotonic()))
    _, more = client.idle_done()
    return bool(said or more)


@contextmanager
def conversation(mailbox: str, wire: Wire) -> Iterator[None]:
    """Whatever goes wrong while talking to a server, the network and odd answers included, as one of our failures."""
    try:
        yield
    except ConfigurationError:
        raise
    except LoginRefused as error:
        raise LoginRefused(f"{mailbox}: {error}") from error
    except PostroomError as error:
        raise _unreachable(mailbox, wire.cut_because or str(error)) from error
    except Exception as error:
        raise _unreachable(mailbox, wire.cut_because or in_words(error)) from error


def in_words(error: Exception) -> str:
    """What the server or the network said, cleaned and cut."""
    text = clean_line(re.sub(r"^b(['\"])(.*)\1$", r"\2", str(error)))[:300]
    if isinstance(error, IMAPClient.Error) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _unreachable(mailbox: str, words: str) -> Unreachable:
    if not _THROTTLED.search(words):
        return Unreachable(f"{mailbox}: {words}")
    named = _PAUSE.search(words)
    return Throttled(f"{mailbox}: {words}", int(named[1]) / 1000 if named else None)


def _verifying(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError([f"{ca_file}: expected a PEM file with certificates: {error}"]) from None


def _log_in(client: IMAPClient, user: str, secret: str, *, by_token: bool) -> None:
    try:
        if by_token:
            client.sasl_login("XOAUTH2", _xoauth2(user, secret))
        elif client.has_capability("AUTH=PLAIN"):  # LOGIN takes no letters beyond ASCII
            client.plain_login(user, secret)
        else:
            client.login(user, secret)
    except LoginError as error:
        if isinstance(error.__context__, IMAPClient.AbortError):  # the connection broke; nothing was refused
            raise error.__context__ from None
        words = in_words(error)
        if _THROTTLED.search(words) or _TEMPORARY.search(words):
            raise
        raise LoginRefused(f"the server refused the login of {user}: {words}") from None


def _xoauth2(user: str, token: str) -> Callable[[bytes], bytes]:
    """The answers to the server: the token, and to a refusal nothing, upon which it says NO."""
    answers: Iterator[Any] = iter([f"user={user}\1auth=Bearer {token}\1\1".encode()])
    return lambda _challenge: next(answers, b"")
