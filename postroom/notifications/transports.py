"""How a mail leaves: the transports that there are, and which of them the configuration names.

A transport returns once the mail is somebody else's responsibility, and raises otherwise:

- `Permanent`: this mail was refused for good;
- `Unanswered`: it was given away whole and nobody said that it was taken. It may have gone out;
- any other `Unreachable`: whoever takes our mail can't be talked to, or does not let us in. That says nothing about
  the mail;
- any other `Temporary`: this mail was not taken now.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from postroom.models.failures import Unreachable
from postroom.models.settings import Settings
from postroom.notifications.envelopes import Mail
from postroom.notifications.notify import NotifyEmail, NotifyPost
from postroom.notifications.smtp_transport import SmtpTransport


class Transport(Protocol):
    def send(self, mail: Mail) -> None: ...


class FolderTransport:
    """Writes each mail as a file into a folder: to try things out, or as PDF for whoever prints the letters on paper.
    The same mail sent twice is one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, mail: Mail) -> None:
        name = hashlib.sha256(mail.recipient.encode() + b"\n" + mail.content).hexdigest()[:24]
        unfinished = self._folder / f".{name}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(mail.content)
            unfinished.replace(self._folder / f"{name}{'.pdf' if mail.by_post else '.eml'}")
        except OSError as error:
            raise Unreachable(f"{self._folder}: mail can't be written there: {error}") from error


class ByKind:
    """Email by one transport, letters on paper by another."""

    def __init__(self, email: Transport, post: Transport) -> None:
        self.email = email
        self.post = post

    def send(self, mail: Mail) -> None:
        (self.post if mail.by_post else self.email).send(mail)


def _real_time() -> datetime:
    return datetime.now(UTC)


def transport_for(settings: Settings, clock: Callable[[], datetime] = _real_time) -> Transport:
    """The transport that the configuration names. Where `outgoing.folder` is set nothing goes elsewhere. `clock` says
    when an access token ends."""
    outgoing, notify = settings.outgoing, settings.outgoing.notify
    if outgoing.folder is not None:
        return FolderTransport(settings.path(outgoing.folder))
    by_notify = notify is not None and notify.email_template
    email = NotifyEmail(notify) if notify and by_notify else SmtpTransport(settings, clock)
    post = NotifyPost(notify) if notify and notify.post else FolderTransport(settings.path(outgoing.post_folder))
    return ByKind(email, post)
