"""The demonstration's data folder: it holds all that a demonstration leaves behind, and nothing else may be in it."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from postroom.models.failures import ConfigurationError

MARK = "DEMONSTRATION"
MARK_TEXT = "The data of Postroom's demonstration. 'make demo-reset' removes it.\n"


@dataclass(frozen=True)
class Folder:
    """The data folder of one demonstration."""

    path: Path

    @property
    def database(self) -> Path:
        return self.path / "postroom.db"

    @property
    def mailbox(self) -> Path:
        """Where the IMAP server keeps its mailbox."""
        return self.path / "mailbox"

    @property
    def sent(self) -> Path:
        """Where the sink keeps the mails that Postroom sent: a Maildir."""
        return self.path / "sent"

    @property
    def posted(self) -> Path:
        """The names of the letters that have been posted, one a line."""
        return self.path / "posted.txt"

    def secret(self, name: str, characters: int) -> Path:
        """The file with the secret `name`, made at the first call: readable by its owner alone."""
        file = self.path / name
        if not file.exists():
            unfinished = self.path / f"{name}.part"
            unfinished.touch(mode=0o600)
            unfinished.write_text(secrets.token_hex((characters + 1) // 2) + "\n")
            unfinished.replace(file)
        return file


def open_folder(path: Path) -> Folder:
    """The folder at `path`, made where there is none.

    Raises `ConfigurationError` where it holds anything but a demonstration: real data is never touched.
    """
    mark = path / MARK
    if path.is_dir() and not mark.exists() and any(path.iterdir()):
        raise ConfigurationError(
            [f"--data: expected an empty folder or an earlier demonstration's; {path} is neither."]
        )
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark.write_text(MARK_TEXT)
    except OSError as error:
        raise ConfigurationError([f"--data: can't write to {path}: {error.strerror}"]) from None
    return Folder(path.resolve())
