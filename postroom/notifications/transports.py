"""How a mail leaves: by SMTP, or as a file where a council tries things out.

A transport returns once the mail is somebody else's responsibility, and raises otherwise:

- `Permanent`: this mail was refused for good (SMTP 5xx);
- `Unreachable`: our mail server can't be talked to. That says nothing about the mail;
- any other `Temporary`: this mail was not taken now (SMTP 4xx).
"""

import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from postroom.models.failures import Permanent, PostroomError, Temporary, Unreachable
from postroom.models.settings import Settings
from postroom.models.settings import SmtpTransport as SmtpSettings
from postroom.notifications.envelopes import one_line


class Transport(Protocol):
    def send(self, envelope_sender: str, recipient: str, content: bytes) -> None: ...


class SmtpTransport:
    """Hands each mail to the council's mail server, on a connection of its own."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    def send(self, envelope_sender: str, recipient: str, content: bytes) -> None:
        server = self._connect()
        try:
            with _failures_of_this_mail():
                server.sendmail(envelope_sender, [recipient], content)
        finally:
            with suppress(smtplib.SMTPException, OSError):  # the mail is theirs by now, or refused
                server.quit()
            server.close()

    def _connect(self) -> smtplib.SMTP:
        """A connection, signed in. What goes wrong here is the fault of no mail."""
        settings = self._settings
        try:
            server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_seconds)
        except (smtplib.SMTPException, OSError) as error:
            raise _unreachable(settings, error) from error
        try:
            if settings.starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.user and settings.password is not None:
                server.login(settings.user, settings.password.read())
            server.ehlo_or_helo_if_needed()
        except (smtplib.SMTPException, OSError) as error:
            server.close()
            raise _unreachable(settings, error) from error
        except PostroomError:
            server.close()
            raise
        return server


class FolderTransport:
    """Writes each mail as a file into a folder. The same mail sent twice is one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, envelope_sender: str, recipient: str, content: bytes) -> None:
        name = hashlib.sha256(recipient.encode() + b"\n" + content).hexdigest()[:24]
        unfinished = self._folder / f".{name}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(content)
            unfinished.replace(self._folder / f"{name}.eml")
        except OSError as error:
            raise Unreachable(f"{self._folder}: mail can't be written there: {error}") from error


def transport_for(settings: Settings) -> Transport:
    """The transport that the configuration names: a folder where `outgoing.folder` is set, else SMTP."""
    if settings.outgoing.folder is not None:
        return FolderTransport(settings.path(settings.outgoing.folder))
    return SmtpTransport(settings.outgoing.smtp)


@contextmanager
def _failures_of_this_mail() -> Iterator[None]:
    """The standard library's errors as ours, by the answer's first digit (RFC 5321, 4.2.1)."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise _refused(code, text) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Unreachable(f"The mail server went away: {one_line(str(error))}") from error


def _refused(code: int, text: bytes | str) -> PostroomError:
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    family = Permanent if 500 <= code < 600 else Temporary
    return family(f"The mail server answered: {code} {one_line(said)}")


def _unreachable(settings: SmtpSettings, error: Exception) -> Unreachable:
    return Unreachable(f"The mail server {settings.host}:{settings.port} can't be used: {one_line(str(error))}")
