"""Fetching messages from a selected folder: small ones together, large ones in parts, broken ones in the end not."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from imapclient import IMAPClient

BATCH = 200
"""Messages fetched at once."""
BATCH_BYTES = 4_194_304
"""Bytes fetched at once."""
PART_BYTES = 1_048_576
"""A larger message is fetched alone, in parts of this size."""
ATTEMPTS = 3
"""Tries to fetch a message before it is left on the server, for a person."""
SHORT = 0.9
"""A message with less than so much of its announced size is taken for cut off."""
WINDOW = 50_000
"""UIDs looked for at once: a server names them all in one line, and imaplib refuses lines over a million bytes."""


@dataclass(frozen=True)
class Fetched:
    """What a message gave. `content` is None where it is no longer in the folder."""

    uid: int
    content: bytes | None
    held_because: str = ""
    """Why this is not all of it; empty where it is. Then the server's copy must stay as it is."""

    @property
    def is_whole(self) -> bool:
        return self.content is not None and not self.held_because


def uids_from(client: IMAPClient, first: int, next_uid: int) -> set[int]:
    """The UIDs in the folder from `first` on, and below `next_uid` (the folder's UIDNEXT)."""
    found: set[int] = set()
    for start in range(first, next_uid, WINDOW):
        # a range beyond the last message names that message (RFC 3501 6.4.8), so what is found is looked at again
        uids = client.search(["UID", f"{start}:{min(start + WINDOW, next_uid) - 1}"])
        found.update(int(uid) for uid in uids if first <= int(uid) < next_uid)
    return found


def after_last_uid(client: IMAPClient) -> int:
    """What UIDNEXT is at least, for a server that does not say."""
    return max((int(uid) for uid in client.search(["UID", "*"])), default=0) + 1


class Fetcher:
    """Fetches one folder's messages over one connection after another, and remembers which of them made trouble.

    Where a batch fails its messages are fetched one by one, so that one that breaks the server stands alone. That one
    is tried `ATTEMPTS` times, then its headers, and then it is given up with a reason. A large message goes on where it
    was broken off; only tries that brought nothing count.
    """

    def __init__(self, maximum_bytes: int, patience_seconds: float, batch: int = BATCH) -> None:
        self._maximum_bytes = maximum_bytes
        self._patience = patience_seconds
        self._batch = batch
        self._alone_up_to = 0
        self._tries: dict[int, int] = {}
        self._partial: tuple[int, bytearray] = (0, bytearray())

    def forget(self) -> None:
        """The folder's UIDs mean other messages now."""
        self._alone_up_to = 0
        self._tries.clear()
        self._partial = (0, bytearray())

    def fetch(self, client: IMAPClient, uids: Sequence[int]) -> list[Fetched]:
        """The first of `uids`, as many as are fetched together. Empty where a large one is not finished yet.

        Raises whatever the connection raises.
        """
        batch = [uid for uid in uids if uid > self._alone_up_to][: self._batch]
        if uids[0] <= self._alone_up_to or not batch:
            batch = [uids[0]]
        had = len(self._partial[1]) if self._partial[0] == batch[0] else 0
        try:
            return self._fetch(client, batch)
        except Exception:
            self._note_failure(batch, had)
            raise

    def fetch_again(self, client: IMAPClient, uid: int) -> list[Fetched]:
        """One that was given up, tried once more. Empty where a large one is not finished yet."""
        self._tries.pop(uid, None)
        return self._fetch(client, [uid])

    def _note_failure(self, batch: list[int], had: int) -> None:
        if len(batch) > 1:
            self._alone_up_to = batch[-1]
        elif self._partial[0] != batch[0] or len(self._partial[1]) <= had:
            self._tries[batch[0]] = self._tries.get(batch[0], 0) + 1

    def _fetch(self, client: IMAPClient, batch: list[int]) -> list[Fetched]:
        first = batch[0]
        if self._tries.get(first, 0) > ATTEMPTS:
            return [Fetched(first, b"", f"{_given_up()}, nor its headers; it is still in the mailbox.")]
        if self._tries.get(first, 0) == ATTEMPTS:
            return [_headers(client, first, f"{_given_up()}: only its headers are here, it is still in the mailbox.")]
        sizes = _sizes(client, batch)
        if (size := sizes.get(first, 0)) > self._maximum_bytes:
            return [_headers(client, first, _too_large(size))]
        if size > PART_BYTES:
            return self._in_parts(client, first, size)
        small = _small(sizes, min(PART_BYTES, self._maximum_bytes))
        return _together(client, [uid for uid in batch if uid not in sizes or uid in small], sizes)

    def _in_parts(self, client: IMAPClient, uid: int, size: int) -> list[Fetched]:
        """A large message, or nothing yet where time is up: the next call goes on."""
        until = monotonic() + self._patience
        if self._partial[0] != uid:
            self._partial = (uid, bytearray())
        content = self._partial[1]
        while True:
            part = _value(client.fetch([uid], [f"BODY.PEEK[]<{len(content)}.{PART_BYTES}>"]), uid, b"BODY[]<")
            content += part or b""
            if part is None or len(part) < PART_BYTES:
                self._partial = (0, bytearray())
                return [Fetched(uid, None) if part is None else _measured(uid, bytes(content), size)]
            if len(content) > self._maximum_bytes:
                self._partial = (0, bytearray())
                return [_headers(client, uid, _too_large(len(content)))]
            if monotonic() >= until:
                return []


def _sizes(client: IMAPClient, uids: list[int]) -> dict[int, int]:
    fetched = client.fetch(uids, ["RFC822.SIZE"])
    return {uid: int(values[b"RFC822.SIZE"]) for uid, values in fetched.items() if b"RFC822.SIZE" in values}


def _small(sizes: dict[int, int], limit: int) -> set[int]:
    """The first of `sizes` that are fetched together; none of them is over `limit`."""
    small: set[int] = set()
    total = 0
    for uid, size in sorted(sizes.items()):
        total += size
        if size > limit or total > BATCH_BYTES:
            break
        small.add(uid)
    return small


def _together(client: IMAPClient, uids: list[int], sizes: dict[int, int]) -> list[Fetched]:
    fetched = client.fetch(uids, ["BODY.PEEK[]"])
    return [_whole(client, fetched, uid, sizes.get(uid, 0)) for uid in uids]


def _whole(client: IMAPClient, fetched: dict[int, Any], uid: int, size: int) -> Fetched:
    """What came of a small message. Where that is too short it is fetched once more; some servers announce sizes that
    are not true, so one that comes the same again is taken, unless it is nothing."""
    content = _value(fetched, uid, b"BODY[]")
    if content is not None and _is_short(content, size):
        content = max(content, _value(client.fetch([uid], ["BODY.PEEK[]"]), uid, b"BODY[]") or b"", key=len)
    if content or (content is None and uid not in fetched) or (content == b"" and not size):
        return Fetched(uid, content)
    return Fetched(uid, b"", "The mail server lists it but gave no content; it is still in the mailbox.")


def _measured(uid: int, content: bytes, size: int) -> Fetched:
    """A large message; one that ends too soon is not whole."""
    reason = f"Only {len(content):,} of its {size:,} bytes came; the whole is still in the mailbox."
    return Fetched(uid, content, reason if _is_short(content, size) else "")


def _is_short(content: bytes, size: int) -> bool:
    return len(content) < size * SHORT


def _headers(client: IMAPClient, uid: int, reason: str) -> Fetched:
    content = _value(client.fetch([uid], ["BODY.PEEK[HEADER]"]), uid, b"BODY[HEADER]")
    return Fetched(uid, content, reason if content is not None else "")


def _value(fetched: dict[int, Any], uid: int, name: bytes) -> bytes | None:
    """What the server gave for `uid`; the name of a part ends in its offset."""
    values = fetched.get(uid, {}).items()
    return next((value or b"" for key, value in values if key.startswith(name) and value is not None), None)


def _too_large(size: int) -> str:
    return f"It is too large ({size:,} bytes): only its headers are here, the whole is still in the mailbox."


def _given_up() -> str:
    return f"The mail server did not hand it over in {ATTEMPTS} tries"
