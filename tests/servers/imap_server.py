"""What tests need of an IMAP server, whichever it is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from imapclient import IMAPClient

from postroom.models.settings import Mailbox

PASSWORD_VARIABLE = "POSTROOM_TEST_MAILBOX"
FOLDER = "Feedback"
WITHIN_SECONDS = 10.0


@dataclass(frozen=True)
class ImapServer:
    """A running server with one mailbox, whose folder `FOLDER` is there and empty."""

    name: str
    host: str
    port: int
    user: str
    password: str
    _clients: list[IMAPClient] = field(default_factory=list, kw_only=True, repr=False)

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """A client that is logged in; kept for the next time, since a login takes pymap a fifth of a second."""
        client = self._kept()
        yield client
        client.select_folder("INBOX", readonly=True)  # in nobody's way
        self._clients.append(client)

    def _kept(self) -> IMAPClient:
        while self._clients:
            client = self._clients.pop()
            with suppress(OSError, IMAPClient.Error):
                client.noop()
                return client
        client = IMAPClient(self.host, port=self.port, ssl=False, timeout=20)
        client.login(self.user, self.password)
        return client

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

    def contents(self, folder: str = FOLDER) -> list[bytes]:
        """The mails in a folder, which need not be there."""
        with self.client() as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search(), ["BODY.PEEK[]"])
            return [found[uid][b"BODY[]"] for uid in sorted(found)]

    def move(self, source: str, target: str) -> None:
        """Move all mails from one folder to another, which is made where it is not there."""
        with self.client() as client:
            if not client.folder_exists(target):
                client.create_folder(target)
            client.select_folder(source)
            client.move(client.search(), target)

    def unflag(self) -> None:
        """Take \\Flagged off every mail in the folder."""
        with self.client() as client:
            client.select_folder(FOLDER)
            client.remove_flags(client.search(), [b"\\Flagged"])

    def mark_deleted(self, uid: int) -> None:
        with self.client() as client:
            client.select_folder(FOLDER)
            client.delete_messages([uid])

    def expunge(self, uid: int) -> None:
        with self.client() as client:
            client.select_folder(FOLDER)
            client.delete_messages([uid])
            client.uid_expunge([uid])

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
        """Make the folder, anew where it is there, and delete all others. A busy server may refuse while another
        connection still lets go of a folder."""
        until = time.monotonic() + WITHIN_SECONDS
        while True:
            try:
                with self.client() as client:
                    for _, _, folder in client.list_folders():
                        if folder.upper() != "INBOX":
                            client.delete_folder(folder)
                    client.create_folder(FOLDER)
            except IMAPClient.Error:
                if time.monotonic() > until:
                    raise
            else:
                return
