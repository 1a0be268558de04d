"""The data folder: kept from one demonstration to the next, and never a real one."""

import stat
from pathlib import Path

import pytest

from demo.folder import open_folder
from postroom.models.failures import ConfigurationError


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = open_folder(tmp_path / "data" / "demo")
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_folder_with_other_data_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postroom.db").write_text("real")
    with pytest.raises(ConfigurationError, match="--data"):
        open_folder(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["postroom.db"]


def test_a_file_in_the_folders_place_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("")
    with pytest.raises(ConfigurationError, match="--data: can't write to"):
        open_folder(tmp_path / "demo")


def test_a_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first = open_folder(tmp_path / "demo").secret("signing-key", 64)
    text = first.read_text()
    again = open_folder(tmp_path / "demo").secret("signing-key", 64)
    assert len(text.strip()) == 64
    assert again.read_text() == text
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
