"""Old mail from files."""

import mailbox
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from postroom.intake.import_mail import import_path
from postroom.models.database import open_session
from postroom.models.failures import NotFound
from postroom.models.raw_message import RawMessage
from tests.intake.mails import mail

ONE, TWO = (
    mail("One.", Message_ID="<1@x.example>"),
    mail("Two.\n\nFrom here on\n>From there", Message_ID="<2@x.example>"),
)


def stored(engine: Engine) -> list[bytes]:
    with open_session(engine) as session:
        return sorted(session.exec(select(RawMessage.content)))


def silent(_done: int, _total: int) -> None:
    pass


def test_a_folder_of_files_is_imported_once(engine: Engine, now: datetime, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "one.eml").write_bytes(ONE)
    (tmp_path / "below" / "two.EML").write_bytes(TWO)
    (tmp_path / "notes.txt").write_text("no mail")
    seen: list[tuple[int, int]] = []
    first = import_path(tmp_path, engine, now, lambda done, total: seen.append((done, total)))
    again = import_path(tmp_path, engine, now, silent)
    assert (first.stored, first.known, again.stored, again.known) == (2, 0, 0, 2)
    assert seen == [(1, 2), (2, 2)]
    assert stored(engine) == sorted([ONE, TWO])


def test_an_mbox_is_split_byte_for_byte(sqlite: Engine, now: datetime, tmp_path: Path) -> None:
    line = b"From pat@home.example Wed Mar  4 09:30:00 2026\r\n"
    (tmp_path / "old.mbox").write_bytes(line + ONE + b"\r\n" + line + TWO + b"\r\n")
    assert import_path(tmp_path / "old.mbox", sqlite, now, silent).stored == 2
    assert stored(sqlite) == sorted([ONE, TWO])


def test_a_maildir_is_imported(sqlite: Engine, now: datetime, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    box.add(ONE)
    box.add(TWO)
    assert import_path(tmp_path / "box", sqlite, now, silent).stored == 2


def test_a_file_that_cannot_be_read_is_told_and_the_rest_goes_on(sqlite: Engine, now: datetime, tmp_path: Path) -> None:
    (tmp_path / "a.eml").symlink_to(tmp_path / "gone")
    (tmp_path / "b.eml").write_bytes(ONE)
    result = import_path(tmp_path, sqlite, now, silent)
    assert result.stored == 1
    assert len(result.problems) == 1
    assert "a.eml" in result.problems[0]


def test_a_path_that_is_not_there_is_named(sqlite: Engine, now: datetime, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        import_path(tmp_path / "nowhere", sqlite, now, silent)
