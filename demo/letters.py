"""The letters that residents write in the demonstration: files in `post/`, one folder for each way that they come in.

They are written as if today were `WRITTEN`. When one is posted, every date in it moves by the time that has gone by.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum
from pathlib import Path

POST = Path(__file__).parent / "post"
WRITTEN = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)

_DATE = re.compile(rb"\b[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")


class Route(StrEnum):
    """How a letter comes in; the values are the folders."""

    IMAP = "imap"
    SMTP = "smtp"
    BOTH = "both"


@dataclass(frozen=True)
class Letter:
    """One mail as it was written. `name` is its file's, and letters are posted in the order of their names."""

    name: str
    route: Route
    written: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.written, _class=EmailMessage, policy=policy.default)

    def posted_at(self, now: datetime) -> bytes:
        """The mail as it comes in at `now`: its dates moved, its lines ended as on the wire."""
        moved = _DATE.sub(lambda found: _moved(found[0], now), self.written)
        return moved.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def letters(folder: Path = POST) -> Sequence[Letter]:
    """All letters, in the order in which they are posted."""
    found = [Letter(file.name, route, file.read_bytes()) for route in Route for file in (folder / route).glob("*.eml")]
    return sorted(found, key=lambda letter: letter.name)


def _moved(date: bytes, now: datetime) -> bytes:
    written = parsedate_to_datetime(date.decode("ascii"))
    return format_datetime(written + (now.replace(microsecond=0) - WRITTEN)).encode("ascii")
