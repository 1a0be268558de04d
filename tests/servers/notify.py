"""What of GOV.UK Notify's API Postroom uses, as its documentation tells it, on this machine."""

import json
import threading
import uuid
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

SERVICE_ID, KEY = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
API_KEY = f"postroom-{SERVICE_ID}-{KEY}"


@dataclass
class NotifyServer:
    """`answer` is given instead of a service where it is set, as (status, body); with `hangs_up` a request is taken in
    and never answered."""

    port: int = 0
    emails: list[dict[str, Any]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    answer: tuple[int, bytes] | None = None
    hangs_up: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def papers(self) -> list[bytes]:
        """The PDF of each letter."""
        return [b64decode(letter["content"]) for letter in self.letters]

    def take(self, path: str, given: dict[str, Any]) -> tuple[int, bytes]:
        if path == "/v2/notifications/email" and "template_id" in given:
            self.emails.append(given)
        elif path == "/v2/notifications/letter" and "content" in given:
            self.letters.append(given)
        else:
            return error(404, "NoResultFound", "Not found")
        return 201, json.dumps({"id": str(uuid.uuid4()), "reference": given["reference"]}).encode()

    def find(self, reference: str) -> tuple[int, bytes]:
        found = [given for given in (*self.emails, *self.letters) if given["reference"] == reference]
        rows = [{"id": str(uuid.uuid4()), "reference": reference, "status": "delivered"} for _ in found]
        return 200, json.dumps({"notifications": rows, "links": {}}).encode()


def error(status: int, name: str, message: str) -> tuple[int, bytes]:
    """An answer as Notify words its refusals."""
    return status, json.dumps({"status_code": status, "errors": [{"error": name, "message": message}]}).encode()


@contextmanager
def notify_server() -> Iterator[NotifyServer]:
    """A running stand-in for Notify."""
    notify = NotifyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._say(self._refusal() or notify.take(self.path, given))

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            self._say(self._refusal() or notify.find(parse_qs(url.query)["reference"][0]))

        def _refusal(self) -> tuple[int, bytes] | None:
            try:
                token = self.headers["Authorization"].removeprefix("Bearer ")
                assert jwt.decode(token, KEY, algorithms=["HS256"])["iss"] == SERVICE_ID
            except jwt.InvalidTokenError:
                return error(403, "AuthError", "Invalid token: API key not found")
            return notify.answer

        def _say(self, answer: tuple[int, bytes]) -> None:
            if notify.hangs_up:
                self.connection.close()
                return
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, format: str, *arguments: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    notify.port = server.server_port
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield notify
    finally:
        server.shutdown()
        server.server_close()
