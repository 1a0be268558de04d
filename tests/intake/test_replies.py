"""Answers in the styles of many mail programs, each named for its style, with the writer's new words beside."""

from pathlib import Path

import pytest

from postroom.intake.parse import parse

FOLDER = Path(__file__).parent.parent / "mail" / "replies"
REPLIES = sorted(FOLDER.glob("*.eml"))
EXACT_SHARE = 0.95
"""How many answers are cut exactly as a person would. A new style that is cut too little may come in; one that loses
words may not."""


def expected(file: Path) -> str:
    return file.with_suffix(".txt").read_text().rstrip("\n")


@pytest.mark.parametrize("file", REPLIES, ids=lambda file: file.stem)
def test_no_word_of_the_writers_own_is_lost(file: Path) -> None:
    kept = parse(file.read_bytes()).new_text.split("\n")
    assert [line for line in expected(file).split("\n") if line not in kept] == []


def test_nearly_all_answers_are_cut_exactly() -> None:
    inexact = [file.stem for file in REPLIES if parse(file.read_bytes()).new_text != expected(file)]
    assert len(REPLIES) >= 60
    assert len(inexact) <= (1 - EXACT_SHARE) * len(REPLIES), inexact


def test_officers_always_see_all_of_it() -> None:
    for file in REPLIES:
        parsed = parse(file.read_bytes())
        if not parsed.has_html and "PGP" not in parsed.text:
            assert set(parsed.new_text.split("\n")) <= set(parsed.text.strip().split("\n"))
