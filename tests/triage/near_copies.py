"""The collection of campaigns, as messages."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Written:
    """One message of the collection. `campaign` is empty for one in its writer's own words."""

    text: str
    sender: str
    campaign: str


def campaign_messages() -> list[Written]:
    """Each campaign's text, what people made of it, and a message in somebody's own words on the same matter."""
    entries = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return [message for entry in entries for message in _messages(entry)]


def _messages(entry: dict[str, Any]) -> Iterator[Written]:
    about = entry["about"]
    texts = [entry["text"], *(_copy(entry["text"], copy) for copy in entry["copies"])]
    for number, text in enumerate(texts):
        yield Written(text, f"{number}.{about.replace(' ', '.')}@example.org", about)
    yield Written(entry["own"], f"own.{about.replace(' ', '.')}@example.org", "")


def _copy(text: str, copy: dict[str, Any]) -> str:
    for sentence in copy.get("leave_out", []):
        assert sentence in text
        text = text.replace(sentence, "")
    for old, new in copy.get("change", {}).items():
        assert old in text
        text = text.replace(old, new)
    if "close" in copy:
        text = f"{text.partition('Yours sincerely')[0].strip()}\n\n{copy['close']}"
    return "\n\n".join(part for part in (copy.get("before", ""), text.strip(), copy.get("after", "")) if part)
