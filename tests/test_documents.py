"""The documents say what the code does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from postroom.models.connection_settings import Secret
from postroom.models.settings import Settings

ROOT = Path(__file__).parent.parent


def setting_paths(table: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The path of every setting; a part chosen by the council is <name>, one in a list has []."""
    for name, field in table.model_fields.items():
        inner = _table_in(field.annotation)
        if inner is None:
            yield prefix + name
            continue
        origin = get_origin(field.annotation)
        between = ".<name>" if origin is dict else "[]" if origin is list else ""
        yield from setting_paths(inner, f"{prefix}{name}{between}.")


def _table_in(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel) and candidate is not Secret:
            return candidate
    return None


def test_the_reference_names_every_setting_and_no_other() -> None:
    text = (ROOT / "docs/reference/configuration.md").read_text()
    documented = set(re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE))
    assert documented == set(setting_paths(Settings))


def test_every_link_from_one_document_to_another_leads_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("postroom/**/README.md")]
    broken = [
        f"{document.relative_to(ROOT)}: {link}"
        for document in documents
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text())
        if not (document.parent / link).exists()
    ]
    assert broken == []


def test_every_room_says_its_rule_and_names_its_files() -> None:
    unnamed = []
    for room in ("models", "casework", "intake", "triage", "notifications", "desk", "reports", "simulation"):
        folder = ROOT / "postroom" / room
        readme = (folder / "README.md").read_text()
        unnamed += [
            f"{room}/{file.name}"
            for file in folder.glob("*.py")
            if file.name != "__init__.py" and file.name not in readme
        ]
    assert unnamed == []
