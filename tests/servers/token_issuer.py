"""An OAuth 2.0 server: gives tokens for client credentials, and tells mail servers whom a token is for."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

CLIENT_ID, CLIENT_SECRET = "postroom", "a secret & its + signs"


@dataclass
class TokenIssuer:
    """`answer` is given instead of a token where it is set, as (status, body)."""

    user: str
    port: int = 0
    life_seconds: int = 3600
    asked: list[dict[str, str]] = field(default_factory=list)
    good: set[str] = field(default_factory=set)
    answer: tuple[int, bytes] | None = None
    hangs: threading.Event | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tenant/oauth2/v2.0/token"

    @property
    def introspection_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/introspect"

    def token(self, form: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append(form)
        if self.hangs:
            self.hangs.wait(60)
        if self.answer:
            return self.answer
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, _json(
                error="invalid_client", error_description="AADSTS7000215: Invalid client secret.\r\nTrace"
            )
        token = f"token-{len(self.asked)}"
        self.good.add(token)
        return 200, _json(token_type="Bearer", access_token=token, expires_in=self.life_seconds)

    def introspect(self, form: dict[str, str]) -> tuple[int, bytes]:
        return 200, _json(active=form.get("token") in self.good, username=self.user, scope="IMAP")


def _json(**values: Any) -> bytes:
    return json.dumps(values).encode()


@contextmanager
def token_issuer(user: str) -> Iterator[TokenIssuer]:
    """A running issuer for one mailbox."""
    issuer = TokenIssuer(user)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            status, content = (issuer.introspect if self.path == "/introspect" else issuer.token)(form)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    issuer.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield issuer
    finally:
        if issuer.hangs:
            issuer.hangs.set()
        server.shutdown()
        server.server_close()
