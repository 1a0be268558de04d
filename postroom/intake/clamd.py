"""Asking clamd whether bytes hold a virus: one INSTREAM command on a connection of its own (clamd(8))."""

import re
import socket
from contextlib import closing
from dataclasses import dataclass
from struct import pack

from postroom.intake.charsets import clean_line
from postroom.models.failures import Unreachable
from postroom.models.message import Scan
from postroom.models.settings import Clamd

_CHUNK = 65_536
_ANSWER_BYTES = 4_096
_FOUND = re.compile(r"stream: (.{1,200}) FOUND")


@dataclass(frozen=True)
class Scanned:
    """What clamd said: `detail` is the virus's name, or why it did not scan."""

    scan: Scan
    detail: str = ""


def scan_bytes(content: bytes, clamd: Clamd) -> Scanned:
    """Have `content` scanned. Raises `Unreachable` where clamd does not answer in time, or not as clamd does."""
    if len(content) > clamd.maximum_bytes:
        return Scanned(Scan.NOT_SCANNED, "it is larger than what the scanner is given")
    try:
        with closing(_connect(clamd)) as connection:
            connection.settimeout(clamd.timeout_seconds)
            answer = _ask(connection, content)
    except OSError as error:
        raise Unreachable(f"The virus scanner does not answer ({type(error).__name__}).") from error
    return _read_answer(answer)


def _connect(clamd: Clamd) -> socket.socket:
    if clamd.host:
        return socket.create_connection((clamd.host, clamd.port), clamd.timeout_seconds)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(clamd.timeout_seconds)
    try:
        connection.connect(str(clamd.socket))
    except OSError:
        connection.close()
        raise
    return connection


def _ask(connection: socket.socket, content: bytes) -> bytes:
    """clamd's answer. Where it has had enough it says so and hangs up while we still send."""
    try:
        connection.sendall(b"zINSTREAM\0")
        for at in range(0, len(content), _CHUNK):
            chunk = content[at : at + _CHUNK]
            connection.sendall(pack("!I", len(chunk)) + chunk)
        connection.sendall(pack("!I", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < _ANSWER_BYTES:
        received = connection.recv(_ANSWER_BYTES)
        if not received:
            break
        answer += received
    return answer


def _read_answer(answer: bytes) -> Scanned:
    said = clean_line(answer.rstrip(b"\0\r\n").decode("utf-8", "replace"))
    if said == "stream: OK":
        return Scanned(Scan.CLEAN)
    virus = _FOUND.fullmatch(said)
    if virus:
        return Scanned(Scan.INFECTED, virus[1])
    if "size limit exceeded" in said:
        return Scanned(Scan.NOT_SCANNED, "it is larger than the scanner takes")
    if said.endswith("ERROR"):
        return Scanned(Scan.NOT_SCANNED, f"the scanner failed: {said[:200]}")
    raise Unreachable(f"The virus scanner answered with what is no answer: {said[:80]!r}")
