"""The outgoing mail sink: takes every mail that Postroom sends, keeps it as a file and delivers it to nobody."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

MOST_SHOWN = 200


@dataclass(frozen=True)
class SentMail:
    """A mail that the sink took, with the envelope in headers that begin with X-."""

    name: str
    taken_at: datetime
    recipient: str
    subject: str
    headers: Sequence[tuple[str, str]]
    text: str


@contextmanager
def running_sink(host: str, port: int, folder: Path) -> Iterator[None]:
    """An SMTP server that keeps mails in the Maildir `folder`, until the block ends."""
    controller = Controller(Mailbox(folder), hostname=host, port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


def sent_mails(folder: Path) -> list[SentMail]:
    """The mails in `folder`, the newest first, at most `MOST_SHOWN`."""
    files = sorted((folder / "new").glob("*"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    return [_read(file) for file in files[:MOST_SHOWN]]


def _read(file: Path) -> SentMail:
    mail = message_from_bytes(file.read_bytes(), _class=EmailMessage, policy=policy.default)
    body = mail.get_body(("plain",))
    return SentMail(
        name=file.name,
        taken_at=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        recipient=str(mail.get("X-RcptTo", "")),
        subject=str(mail.get("Subject", "")),
        headers=[(name, str(value)) for name, value in mail.items()],
        text=body.get_content() if body else "",
    )
