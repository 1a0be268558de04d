"""Odd mails as bytes, each named for its oddity, with what parsing has to make of it beside."""

import json
from pathlib import Path

import pytest

from postroom.intake.as_json import describe_file
from postroom.models.settings import Settings

CORPUS = Path(__file__).parent.parent / "mail"
MAILS = sorted(CORPUS.glob("*.eml"))


@pytest.mark.parametrize("file", MAILS, ids=lambda file: file.stem)
def test_an_odd_mail_is_understood(file: Path, settings: Settings) -> None:
    expected = json.loads(file.with_suffix(".json").read_text())
    assert describe_file(file, settings.council) == {**expected, "file": str(file)}


def test_each_expected_result_has_its_mail() -> None:
    assert {file.stem for file in CORPUS.glob("*.json")} == {file.stem for file in MAILS}


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone.eml"
    assert describe_file(gone, None) == {"file": str(gone), "error": "can't be read: No such file or directory"}
