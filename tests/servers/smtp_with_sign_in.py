"""A mail server that takes mail by TLS alone, from whoever signs in: by a password, or by a token (XOAUTH2)."""

import ssl
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.servers.smtp_sink import OnAnyPort, SmtpSink

USER, PASSWORD = "postroom", "a pass=word, and more"


@dataclass
class SmtpWithSignIn(SmtpSink):
    """`good_tokens` are those that it takes; `signed_in` says by what."""

    good_tokens: set[str] = field(default_factory=set)
    signed_in: list[str] = field(default_factory=list)

    def password(self, _server: SMTP, _session: Any, _envelope: Any, mechanism: str, given: Any) -> AuthResult:
        """aiosmtpd's authenticator, for PLAIN and LOGIN."""
        good = isinstance(given, LoginPassword) and given == LoginPassword(USER.encode(), PASSWORD.encode())
        if good:
            self.signed_in.append(mechanism)
        return AuthResult(success=good, handled=False)

    async def auth_XOAUTH2(self, server: SMTP, arguments: list[str]) -> AuthResult:  # noqa: N802 (aiosmtpd's name)
        """As Exchange and Gmail do: a refusal is a challenge first, to which the client answers nothing."""
        given = b64decode(arguments[1]).decode()
        if given in {f"user={USER}\1auth=Bearer {token}\1\1" for token in self.good_tokens}:
            self.signed_in.append("XOAUTH2")
            return AuthResult(success=True, handled=False)
        await server.challenge_auth('{"status":"401","schemes":"bearer","scope":"smtp"}')
        return AuthResult(success=False, handled=False)


@contextmanager
def smtp_with_sign_in(certificate: Path, key: Path, *, starttls: bool) -> Iterator[SmtpWithSignIn]:
    """A running server; without `starttls` it speaks TLS from the first byte."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = SmtpWithSignIn()
    tls: dict[str, Any] = (
        {"tls_context": context, "require_starttls": True}
        if starttls
        else {"ssl_context": context, "auth_require_tls": False}
    )
    controller = OnAnyPort(
        server, hostname=server.host, port=0, auth_required=True, authenticator=server.password, **tls
    )
    controller.start()
    server.port = controller.port
    try:
        yield server
    finally:
        controller.stop()
