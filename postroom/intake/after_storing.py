"""What happens on the server to a message that is stored: nothing, a flag, or another folder. Never deletes one."""

from collections.abc import Sequence

from imapclient import DELETED, FLAGGED, IMAPClient

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Mailbox

TOGETHER = 200
"""UIDs in one command, so that its line stays short."""


def carry_out(client: IMAPClient, mailbox: Mailbox, uids: Sequence[int]) -> None:
    """Flag or move messages that are committed. Doing it again changes nothing: what has gone is passed over.

    Raises `ConfigurationError` where the server can't move a message without touching others.
    """
    for start in range(0, len(uids), TOGETHER):
        some = list(uids[start : start + TOGETHER])
        if mailbox.after_storing == "flag":
            client.add_flags(some, [FLAGGED], silent=True)
        elif mailbox.after_storing == "move":
            _move(client, mailbox, some)


def _move(client: IMAPClient, mailbox: Mailbox, uids: list[int]) -> None:
    if not client.folder_exists(mailbox.move_to):
        client.create_folder(mailbox.move_to)
    if client.has_capability("MOVE"):  # RFC 6851
        client.move(uids, mailbox.move_to)
    elif client.has_capability("UIDPLUS"):  # RFC 4315: expunges these and not what others marked
        client.copy(uids, mailbox.move_to)
        client.add_flags(uids, [DELETED], silent=True)
        client.uid_expunge(uids)
    else:
        raise ConfigurationError(
            [
                f"intake.mailboxes {mailbox.name}: after_storing: move needs a server with MOVE or UIDPLUS, "
                "and this one has neither; nothing is moved. Expected leave or flag."
            ]
        )
