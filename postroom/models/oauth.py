"""Tokens for mail servers that take no password (OAuth 2.0 client credentials, RFC 6749 section 4.4)."""

import json
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from postroom.models.connection_settings import OAuth
from postroom.models.failures import LoginRefused, Throttled, Unreachable
from postroom.models.wire import Wire

MARGIN = timedelta(minutes=5)
"""A token is no longer used so long before it ends (a tenth of its life, where that is shorter)."""
LIFE_SECONDS = 3600
"""Where the server does not say."""
ANSWER_BYTES = 65_536
USER_AGENT = "postroom"


class Tokens:
    """Access tokens for one account. One is kept until shortly before it ends."""

    def __init__(self, oauth: OAuth, wire: Wire, timeout_seconds: float, clock: Callable[[], datetime]) -> None:
        self._oauth = oauth
        self._wire = wire
        self._seconds = timeout_seconds
        self._clock = clock
        self._token = ""
        self._good_until: datetime | None = None

    def token(self) -> str:
        """A token that is good now.

        Raises `LoginRefused` where the server gives none, `Unreachable` or `Throttled` where it does not answer, and
        `ConfigurationError` where the secret is not to be had.
        """
        now = self._clock()
        if self._good_until is None or now >= self._good_until:
            answer = self._ask()
            life = timedelta(seconds=_life(answer))
            self._token, self._good_until = answer["access_token"], now + life - min(MARGIN, life / 10)
        return self._token

    def forget(self) -> None:
        """Get another next time: the server did not take this one."""
        self._good_until = None

    def _ask(self) -> dict[str, Any]:
        try:
            status, content = self._post()
            answer = json.loads(content)
        except (OSError, ValueError) as error:
            raise Unreachable(f"{self._who}: {_said(str(error)) or type(error).__name__}") from error
        if not isinstance(answer, dict):
            raise Unreachable(f"{self._who}: answered {status} with something that is no token")
        if status == 200 and answer.get("access_token") and isinstance(answer["access_token"], str):
            return answer
        self._complain(status, answer)
        raise Unreachable(f"{self._who}: answered {status} without a token")

    def _complain(self, status: int, answer: dict[str, Any]) -> None:
        words = _said(f"{answer.get('error', '')}: {answer.get('error_description', '')}".strip(": "))
        if status == 429:
            raise Throttled(f"{self._who}: too many requests: {words}")
        if 400 <= status < 500:
            raise LoginRefused(f"{self._who}: no token, {status}: {words}")

    def _post(self) -> tuple[int, bytes]:
        url = urlsplit(self._oauth.token_url)
        host = url.hostname or ""
        tls = ssl.create_default_context() if url.scheme == "https" else None
        port = url.port or (443 if tls else 80)
        connection = HTTPConnection(host, port)
        connection.sock = self._wire.open(host, port, self._seconds, tls)
        try:
            connection.request(
                "POST", f"{url.path or '/'}{'?' if url.query else ''}{url.query}", self._form(), _HEADERS
            )
            answer = connection.getresponse()
            return answer.status, answer.read(ANSWER_BYTES)
        finally:
            connection.close()
            self._wire.release()

    def _form(self) -> str:
        return urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": self._oauth.client_id,
                "client_secret": self._oauth.client_secret.read(),
                "scope": self._oauth.scope,
            }
        )

    @property
    def _who(self) -> str:
        return f"token server {urlsplit(self._oauth.token_url).hostname}"


_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Accept": "application/json",
    "User-Agent": USER_AGENT,
}


def _life(answer: dict[str, Any]) -> float:
    try:
        return max(0.0, float(answer.get("expires_in", LIFE_SECONDS)))
    except (TypeError, ValueError):
        return LIFE_SECONDS


def _said(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
