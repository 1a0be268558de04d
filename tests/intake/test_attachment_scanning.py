"""Attachments are looked at, and scanned where clamd is configured; a scanner that is away holds nothing up."""

import base64
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlmodel import col, select

from postroom.intake.attachment_scanning import SCANNER_AWAY, scan_one, scan_what_was_not
from postroom.intake.clamd import Scanned, scan_bytes
from postroom.models.database import open_session
from postroom.models.failures import Unreachable
from postroom.models.message import Attachment, AttachmentCheck, CheckState, Scan
from postroom.models.settings import Clamd, Settings
from tests.intake.conftest import Post
from tests.intake.mails import multipart
from tests.servers.clamd import (
    HOW_TO_INSTALL,
    STREAM_BYTES,
    VIRUS,
    VIRUS_NAME,
    ClamdServer,
    clamd_server,
    is_installed,
)
from tests.servers.ports import free_port


@pytest.fixture(scope="module")
def clamd() -> Iterator[ClamdServer]:
    if not is_installed():
        if os.environ.get("CI"):
            pytest.fail(HOW_TO_INSTALL)
        pytest.skip(HOW_TO_INSTALL)
    with clamd_server() as server:
        yield server


def at(port: int, **more: float) -> Clamd:
    return Clamd(host="127.0.0.1", port=port, **({"timeout_seconds": 5} | more))  # type: ignore[arg-type]


def scanning(settings: Settings, clamd: Clamd | None) -> Settings:
    return settings.model_copy(update={"intake": settings.intake.model_copy(update={"clamd": clamd})})


def with_attachments(**files: bytes) -> bytes:
    parts = [
        f'Content-Type: application/octet-stream; name="{name}.bin"\nContent-Disposition: attachment\n'
        f"Content-Transfer-Encoding: base64\n\n{base64.b64encode(content).decode()}\n"
        for name, content in files.items()
    ]
    return multipart("mixed", "Content-Type: text/plain\n\nSee attached.\n", *parts)


def attachments(engine: Engine) -> list[Attachment]:
    with open_session(engine, read_only=True) as session:
        return list(session.exec(select(Attachment).order_by(col(Attachment.id))))


def state(engine: Engine) -> str:
    with open_session(engine, read_only=True) as session:
        return session.exec(select(AttachmentCheck.state)).one()


@contextmanager
def stand_in(answer: bytes) -> Iterator[int]:
    """A server that reads a little, gives `answer` and hangs up: what a broken scanner, or none, may say."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(10)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


@pytest.mark.clamd
class TestWithClamd:
    def test_a_virus_is_found_and_its_neighbour_is_clean(
        self, post: Post, settings: Settings, clamd: ClamdServer
    ) -> None:
        post.file(with_attachments(good=b"harmless", bad=b"before " + VIRUS + b" after"))

        assert scan_one(post.engine, scanning(settings, at(clamd.port)), post.now)

        assert [(found.scan, found.scan_detail) for found in attachments(post.engine)] == [
            (Scan.CLEAN, ""),
            (Scan.INFECTED, VIRUS_NAME),
        ]
        assert not scan_one(post.engine, scanning(settings, at(clamd.port)), post.now + timedelta(hours=1))

    def test_the_unix_socket_does_as_well(self, clamd: ClamdServer) -> None:
        assert scan_bytes(VIRUS, Clamd(socket=clamd.socket)) == Scanned(Scan.INFECTED, VIRUS_NAME)
        assert scan_bytes(b"", Clamd(socket=clamd.socket)) == Scanned(Scan.CLEAN)

    def test_what_is_too_large_for_clamd_says_so(self, clamd: ClamdServer) -> None:
        assert "than the scanner takes" in scan_bytes(bytes(STREAM_BYTES * 3), at(clamd.port)).detail

    def test_what_is_too_large_for_us_is_not_sent(self) -> None:
        found = scan_bytes(bytes(11), at(free_port(), maximum_bytes=10))
        assert (found.scan, "larger" in found.detail) == (Scan.NOT_SCANNED, True)

    def test_a_scanner_that_comes_back_scans_what_waited(
        self, post: Post, settings: Settings, clamd: ClamdServer
    ) -> None:
        post.file(with_attachments(bad=VIRUS))
        configured = scanning(settings, at(clamd.port))
        clamd.stop()
        with pytest.raises(Unreachable):
            scan_one(post.engine, configured, post.now)
        (waiting,) = attachments(post.engine)
        assert (waiting.scan, waiting.sniffed_type) == (Scan.NOT_YET, "text/plain")
        assert not scan_one(post.engine, configured, post.now)

        clamd.start()
        assert scan_one(post.engine, configured, post.now + SCANNER_AWAY)

        assert [found.scan for found in attachments(post.engine)] == [Scan.INFECTED]

    def test_what_came_in_before_a_scanner_was_configured_is_scanned_then(
        self, post: Post, settings: Settings, clamd: ClamdServer
    ) -> None:
        post.file(with_attachments(bad=VIRUS))
        assert scan_one(post.engine, scanning(settings, None), post.now)
        assert (state(post.engine), attachments(post.engine)[0].scan) == (CheckState.DONE, Scan.NOT_YET)

        scan_what_was_not(post.engine, post.now)
        assert scan_one(post.engine, scanning(settings, at(clamd.port)), post.now)
        scan_what_was_not(post.engine, post.now)

        assert (state(post.engine), attachments(post.engine)[0].scan) == (CheckState.DONE, Scan.INFECTED)


def test_without_a_scanner_attachments_are_still_looked_at(post: Post, settings: Settings) -> None:
    post.file(with_attachments(page=b"<html><body>Sign in here</body></html>"))

    assert scan_one(post.engine, scanning(settings, None), post.now)

    (found,) = attachments(post.engine)
    assert (found.sniffed_type, found.scan) == ("text/html", Scan.NOT_YET)
    assert "web page" in found.danger
    assert not scan_one(post.engine, scanning(settings, None), post.now)


@pytest.mark.parametrize(
    "answer", [b"", b"\0", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"stream: OK and more\0", b"x" * 9_000]
)
def test_an_answer_that_no_scanner_gives_is_tried_again(answer: bytes) -> None:
    with stand_in(answer) as port, pytest.raises(Unreachable):
        scan_bytes(b"content", at(port))


def test_a_scanner_that_fails_with_one_file_is_not_asked_for_ever() -> None:
    with stand_in(b"Can't allocate memory ERROR\0") as port:
        assert scan_bytes(b"content", at(port)).scan == Scan.NOT_SCANNED


def test_a_scanner_that_never_answers_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unreachable):
        scan_bytes(b"content", at(silent.getsockname()[1], timeout_seconds=0.1))


def test_an_attachment_that_kills_its_worker_each_time_is_given_up(
    post: Post, engine: Engine, settings: Settings
) -> None:
    post.file(with_attachments(odd=b"x"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE attachment_check SET attempts = :most"), {"most": settings.intake.attempts})

    assert scan_one(engine, settings, post.now)

    (found,) = attachments(engine)
    assert (found.scan, state(engine)) == (Scan.NOT_SCANNED, CheckState.DONE)
    assert "broke off" in found.scan_detail
