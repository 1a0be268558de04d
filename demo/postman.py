"""The postman: brings the letters one after the other, by IMAP into the mailbox and by SMTP, each once."""

import logging
import smtplib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from demo.letters import Letter, Route, letters
from postroom.models.settings import Settings

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30
RETRY_SECONDS = 2.0


@dataclass(frozen=True)
class Postman:
    """Posts what has not been posted yet, `every` seconds one. `tell` is called with each letter that was."""

    settings: Settings
    record: Path
    every: float
    clock: Callable[[], datetime]
    tell: Callable[[Letter], None]

    def walk(self, stop: threading.Event) -> None:
        """Post all letters, or until `stop` is set. One that is not taken now is tried again until it is."""
        waiting = self.waiting()
        while waiting and not stop.is_set():
            if self._is_taken(waiting[0]):
                self._keep_in_mind(waiting.pop(0))
                stop.wait(self.every)
            else:
                stop.wait(RETRY_SECONDS)

    def waiting(self) -> list[Letter]:
        """The letters that have not been posted yet."""
        posted = set(self.record.read_text(encoding="utf-8").splitlines()) if self.record.exists() else set()
        return [letter for letter in letters() if letter.name not in posted]

    def _keep_in_mind(self, letter: Letter) -> None:
        with self.record.open("a", encoding="utf-8") as record:
            record.write(f"{letter.name}\n")
        self.tell(letter)

    def _is_taken(self, letter: Letter) -> bool:
        content = letter.posted_at(self.clock())
        try:
            if letter.route != Route.IMAP:
                self._hand_over(letter, content)
            if letter.route != Route.SMTP:
                self._put_into_mailbox(content)
        except (OSError, smtplib.SMTPException, IMAPClientError) as error:
            logger.warning("%s was not taken and will be tried again: %s", letter.name, error)
            return False
        return True

    def _put_into_mailbox(self, content: bytes) -> None:
        mailbox = self.settings.intake.mailboxes[0]
        with IMAPClient(mailbox.host, mailbox.port, ssl=False, timeout=TIMEOUT_SECONDS) as client:
            client.login(mailbox.user, mailbox.secret.read())
            client.append(mailbox.folder, content)

    def _hand_over(self, letter: Letter, content: bytes) -> None:
        """By SMTP to the compliments address of the council, whatever domain the letter was written to."""
        smtp = self.settings.intake.smtp
        sender = letter.mail["From"].addresses[0].addr_spec
        with smtplib.SMTP(smtp.host, smtp.port, timeout=TIMEOUT_SECONDS) as server:
            server.sendmail(sender, [self.settings.council.addresses.compliments], content)


@contextmanager
def walking(postman: Postman, stop: threading.Event) -> Iterator[None]:
    """The postman on his round until the block ends or `stop` is set."""
    thread = threading.Thread(target=postman.walk, args=(stop,), name="postman", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(TIMEOUT_SECONDS)
