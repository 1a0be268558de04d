"""Bank holidays are written down once, and asked for anew when the package is another."""

import json
from pathlib import Path

import pytest

from postroom.casework.bank_holidays import NATIONS, ask, bank_holidays, read, write


@pytest.mark.parametrize("nation", NATIONS)
def test_what_is_written_down_is_what_the_package_says(nation: str, tmp_path: Path) -> None:
    file = tmp_path / "bank_holidays.json"
    write(file)
    assert read(nation, file) == ask(nation) == bank_holidays(nation)


def test_what_another_version_said_counts_no_longer(tmp_path: Path) -> None:
    file = tmp_path / "bank_holidays.json"
    write(file, ["scotland"])
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "holidays": "0.1"}))
    assert read("scotland", file) is None


@pytest.mark.parametrize("content", [None, "", "{"])
def test_where_nothing_can_be_read_nothing_is_written_down(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "bank_holidays.json"
    if content is not None:
        file.write_text(content)
    assert read("scotland", file) is None
