"""Old mail from files, through the same door as new mail: a folder of .eml files, an mbox (RFC 4155) or a Maildir."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, func
from sqlmodel import select

from postroom.intake.receive import EMAIL, Delivery, receive
from postroom.models.database import open_session
from postroom.models.failures import NotFound
from postroom.models.raw_message import RawMessage

_BATCH = 100
_BATCH_BYTES = 33_554_432
_SEPARATOR = re.compile(rb"From \S+.*\d\d:\d\d.*\d{4}")


@dataclass
class Imported:
    """What an import did."""

    stored: int = 0
    known: int = 0
    """Messages that were imported before, or stand in the files twice."""
    problems: list[str] = field(default_factory=list)
    """Files that could not be read, each with the reason."""


def import_path(path: Path, engine: Engine, now: datetime, progress: Callable[[int, int], None]) -> Imported:
    """Import all mail under `path`; `progress` is told how many files are done, of how many.

    Importing twice stores once. Raises `NotFound` where there is no `path`, `NotStored` where the database fails.
    """
    if not path.exists():
        raise NotFound(f"{path}: no such file or folder.")
    files = list(_files(path))
    result = Imported()
    batch: list[Delivery] = []
    for done, file in enumerate(files, start=1):
        try:
            for content in _messages(file):
                batch.append(_delivery(content))
                if len(batch) >= _BATCH or sum(len(delivery.content) for delivery in batch) >= _BATCH_BYTES:
                    _store(engine, batch, now, result)
        except OSError as error:
            result.problems.append(f"{file}: {error.strerror or error}")
        progress(done, len(files))
    _store(engine, batch, now, result)
    return result


def _store(engine: Engine, batch: list[Delivery], now: datetime, result: Imported) -> None:
    """Store `batch` and empty it. What is new got the highest ids."""
    before = _highest_id(engine)
    ids = set(receive(engine, batch, now))
    stored = sum(id_ > before for id_ in ids)
    result.stored += stored
    result.known += len(batch) - stored
    batch.clear()


def _highest_id(engine: Engine) -> int:
    with open_session(engine, read_only=True) as session:
        return session.exec(select(func.max(RawMessage.id))).one() or 0


def _delivery(content: bytes) -> Delivery:
    return Delivery(source="import", position=hashlib.sha256(content).hexdigest(), channel=EMAIL, content=content)


def _files(path: Path) -> Iterator[Path]:
    """The files with mail under `path`: a Maildir's messages, else what is named .eml; in order of their names."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        here = Path(folder)
        in_maildir = here.name in ("cur", "new") and (here.parent / "cur").is_dir() and (here.parent / "new").is_dir()
        for name in sorted(names):
            if in_maildir or name.lower().endswith((".eml", ".mbox")):
                yield here / name


def _messages(file: Path) -> Iterator[bytes]:
    """The messages in one file, which is an mbox where it begins with a separator line."""
    if not file.is_file():
        raise OSError(f"{file} is no regular file")
    with file.open("rb") as opened:
        if _SEPARATOR.match(opened.readline(1000)) and file.suffix.lower() != ".eml":
            opened.seek(0)
            yield from _split_mbox(opened)
            return
    yield file.read_bytes()


def _split_mbox(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The messages of an mbox, byte for byte. A separator stands at the top or behind an empty line; the empty line
    belongs to it."""
    message: list[bytes] = []
    after_empty_line, begun = True, False
    for line in lines:
        if after_empty_line and _SEPARATOR.match(line):
            if begun:
                yield _joined(message)
            message, begun, after_empty_line = [], True, False
            continue
        message.append(line)
        after_empty_line = not line.strip(b"\r\n")
    if begun:
        yield _joined(message)


def _joined(lines: list[bytes]) -> bytes:
    if lines and not lines[-1].strip(b"\r\n"):
        lines = lines[:-1]
    return b"".join(lines)
