"""What tests need of an IMAP server, whichever it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from imapclient import IMAPClient

from postroom.models.settings import Mailbox

PASSWORD_VARIABLE = "POSTROOM_TEST_MAILBOX"
FOLDER = "Feedback"


@dataclass(frozen=True)
class ImapServer:
    """A running server with one mailbox, whose folder `FOLDER` is there and empty."""

    name: str
    host: str
    port: int
    user: str
    password: str

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        with IMAPClient(self.host, port=self.port, ssl=False, timeout=20) as client:
            client.login(self.user, self.password)
            yield client

    def deliver(self, *contents: bytes) -> None:
        """Put mails into the folder."""
        with self.client() as client:
            for content in contents:
                client.append(FOLDER, content)

    def flags(self) -> list[tuple[bytes, ...]]:
        """The flags of each mail in the folder, without \\Recent, which a server sets by itself."""
        with self.client() as client:
            client.select_folder(FOLDER, readonly=True)
            found = client.fetch(client.search(), ["FLAGS"]).values()
            return [tuple(flag for flag in mail[b"FLAGS"] if flag != b"\\Recent") for mail in found]

    def expunge(self, uid: int) -> None:
        with self.client() as client:
            client.select_folder(FOLDER)
            client.delete_messages([uid])
            client.expunge()

    def uids(self) -> list[int]:
        with self.client() as client:
            client.select_folder(FOLDER, readonly=True)
            return [int(uid) for uid in client.search()]

    def mailbox(self, **changes: Any) -> Mailbox:
        """The settings of a mailbox on this server; the password is expected in `PASSWORD_VARIABLE`."""
        return Mailbox.model_validate(self.mailbox_settings() | changes)

    def mailbox_settings(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "host": self.host,
            "port": self.port,
            "tls": False,
            "user": self.user,
            "password": {"env": PASSWORD_VARIABLE},
            "folder": FOLDER,
            "poll_seconds": 0.2,
            "timeout_seconds": 10,
        }

    def new_validity(self) -> None:
        """Give the folder another UIDVALIDITY; its mails stay, with other UIDs."""
        with self.client() as client:
            client.select_folder(FOLDER, readonly=True)
            found = client.fetch(client.search(), ["BODY.PEEK[]"])
        self.start_folder()
        self.deliver(*(found[uid][b"BODY[]"] for uid in sorted(found)))

    def start_folder(self) -> None:
        """Make the folder, anew where it is there."""
        with self.client() as client:
            if client.folder_exists(FOLDER):
                client.delete_folder(FOLDER)
            client.create_folder(FOLDER)
