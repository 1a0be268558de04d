"""Parsing under a deadline. What is large enough to be slow is parsed in a process of its own, which is ended when its
time is over: no pattern and no library can hold a worker for longer.

A small mail is parsed on the spot. Nothing in the parser is worse than quadratic, so 16 KB take milliseconds.
"""

import pickle
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, Pipe
from queue import Empty, SimpleQueue

from postroom.intake.limits import Limits
from postroom.intake.parse import TOOK_TOO_LONG, ParsedMessage, parse

SECONDS = 10.0
"""Longest time for one mail, measured on the clock: five times what the slowest known mail needs."""
SMALL_BYTES = 16_384
_MEMORY_BYTES = 2**30
"""Memory of the process that parses; 50 MB of mail need a quarter of it."""
_HEADERS_ONLY = Limits(header_bytes=SMALL_BYTES, value_characters=2_000, parts=0, text_bytes=0)


class _Child:
    """A process that parses one mail after the other."""

    def __init__(self) -> None:
        self._ours, theirs = Pipe()
        descriptor = theirs.fileno()
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", __name__, str(descriptor)], pass_fds=[descriptor], stdin=subprocess.DEVNULL
        )
        theirs.close()

    def parse(self, content: bytes, seconds: float) -> ParsedMessage | None:
        """None where the time was over, or the process ended; it is of no more use then."""
        with suppress(OSError, EOFError, pickle.UnpicklingError):
            self._ours.send_bytes(content)
            if self._ours.poll(seconds):
                parsed: ParsedMessage = self._ours.recv()
                return parsed
        self.end()
        return None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._ours.close()


_idle: SimpleQueue[_Child] = SimpleQueue()
"""Processes that wait for a mail. They end with this one, since their pipe is closed then. There are never more than
were needed at one time."""


def parse_in_time(content: bytes, seconds: float = SECONDS) -> ParsedMessage:
    """What `parse` gives, in at most `seconds` and a little. A mail that takes longer is understood by its headers
    alone, and says so in its defects. Safe in any thread."""
    if len(content) <= SMALL_BYTES:
        return parse(content)
    child = _idle_or_new()
    parsed = child.parse(content, seconds)
    if parsed is None:
        return _by_its_headers(content)
    _idle.put(child)
    return parsed


def _idle_or_new() -> _Child:
    try:
        return _idle.get_nowait()
    except Empty:
        return _Child()


def _by_its_headers(content: bytes) -> ParsedMessage:
    parsed = parse(content[:SMALL_BYTES], _HEADERS_ONLY)
    defects = (TOOK_TOO_LONG, *parsed.defects)
    return replace(parsed, text="", new_text="", html=None, attachments=(), defects=defects)


def _serve(connection: Connection) -> None:
    """Parse what comes until nobody is there any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us decides when to end
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    with suppress(EOFError, OSError):
        while True:
            connection.send(parse(connection.recv_bytes()))


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))
