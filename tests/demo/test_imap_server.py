"""The mailbox that the demonstration holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from demo.imap_server import running_imap_server
from postroom.processes import listen
from tests.servers.ports import free_port

MAIL = b"From: a@b.example\r\nSubject: One\r\n\r\nText with a \xa3.\r\n"


@contextmanager
def served(folder: Path) -> Iterator[IMAPClient]:
    """Somebody who is connected to a server on `folder`, but not signed in."""
    port = free_port()
    with (
        running_imap_server(listen("127.0.0.1", port, ""), folder, "feedback", "secret"),
        IMAPClient("127.0.0.1", port, ssl=False, timeout=20) as client,
    ):
        yield client


def mails_after(folder: Path, content: bytes) -> tuple[int, list[bytes]]:
    """The UIDVALIDITY and all mails once `content` has been put into the mailbox."""
    with served(folder) as client:
        client.login("feedback", "secret")
        client.append("INBOX", content)
        validity = client.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"]
        bodies = client.fetch(client.search(), ["BODY.PEEK[]"])
        return validity, [bodies[uid][b"BODY[]"] for uid in sorted(bodies)]


def test_mails_keep_their_place_when_the_server_starts_again(tmp_path: Path) -> None:
    first_validity, first = mails_after(tmp_path / "mailbox", MAIL)
    second_validity, second = mails_after(tmp_path / "mailbox", MAIL.replace(b"One", b"Two"))
    assert second_validity == first_validity
    assert second[0] == first[0]
    assert b"Text with a \xa3." in second[0]
    assert b"Subject: Two" in second[1]


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with served(tmp_path / "mailbox") as client, pytest.raises(LoginError):
        client.login("feedback", "guess")


def test_a_lock_that_a_killed_server_left_behind_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "mailbox").mkdir()
    (tmp_path / "mailbox" / "pymap-etc-passwd.lock").touch()
    with served(tmp_path / "mailbox") as client:
        assert client.login("feedback", "secret")
