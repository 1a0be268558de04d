"""Templates stay compiled between starts, and pages are shown all the same where there is no place for that."""

import tempfile
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from postroom.desk.kept_templates import kept_templates


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def rendered(source: str) -> str:
    environment = Environment(loader=DictLoader({"page": source}), autoescape=True, bytecode_cache=kept_templates())
    return environment.get_template("page").render()


def test_a_template_is_kept_compiled_and_compiled_anew_when_it_changed(temporary: Path) -> None:
    assert rendered("one") == "one"
    (kept,) = temporary.glob("*/*.cache")
    assert rendered("one") == "one"
    assert rendered("another") == "another"
    assert list(temporary.glob("*/*.cache")) == [kept]


def test_the_folder_is_closed_to_others(temporary: Path) -> None:
    rendered("one")
    (folder,) = temporary.iterdir()
    assert folder.stat().st_mode & 0o077 == 0


def test_a_page_is_shown_where_nothing_can_be_kept(temporary: Path) -> None:
    environment = Environment(loader=DictLoader({"page": "one"}), autoescape=True, bytecode_cache=kept_templates())
    (folder,) = temporary.iterdir()
    folder.rmdir()
    assert environment.get_template("page").render() == "one"


def test_nothing_is_kept_where_there_is_no_folder_for_it(temporary: Path) -> None:
    temporary.rmdir()
    temporary.write_text("a file, and no folder")
    assert kept_templates() is None
