"""Labelled messages: what a model learns from and is measured on. JSON lines, one message a line.

The seed corpus in `seed/` was written for the model council; a council adds its own officers' decisions in the same
form. `writer` and `theme` say which rows are near one another, so that evaluation never has both on its two sides.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from postroom.models.failures import ConfigurationError
from postroom.models.settings import NO_CATEGORY, Settings

SEED = Path(__file__).parent / "seed"


@dataclass(frozen=True)
class Text:
    """What is known of a message before anybody has read it."""

    channel: str = "email"
    from_name: str = ""
    from_email: str = ""
    to: str = ""
    """The addresses that it was sent to, in any form that has them."""
    subject: str = ""
    body: str = ""


@dataclass(frozen=True)
class Labels:
    """What an officer decides of a message. `category` is "none" for a type that has no categories."""

    type: str
    category: str
    team: str
    exclusion: str
    at_risk: bool


@dataclass(frozen=True)
class Example:
    id: str
    text: Text
    labels: Labels
    writer: str
    theme: str
    source: str = ""
    """The file of the seed corpus that it stands in, each by another hand; of officers' decisions none."""


class MessageFields(BaseModel):
    """What a line of JSON says of a message before anybody has read it: all but the body may be left out. Other keys
    are ignored, so that a corpus can be fed in where labels are not asked for."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | int | None = None
    channel: str = "email"
    from_name: str = ""
    from_email: str = ""
    to: str = ""
    subject: str = ""
    body: str

    def text(self) -> Text:
        return Text(self.channel, self.from_name, self.from_email, self.to, self.subject, self.body)


class _LabelledFields(MessageFields):
    """A line of anybody's labelled messages."""

    writer: str = ""
    theme: str = ""
    type: str
    category: str
    team: str
    exclusion: str
    at_risk: bool

    def example(self, number: int) -> Example:
        """A line without an id is called by its number; one without writer and theme is near no other."""
        id_ = f"line {number}" if self.id is None else str(self.id)
        labels = Labels(self.type, self.category, self.team, self.exclusion, self.at_risk)
        near = (self.writer or f"writer of {id_}", self.theme or f"theme of {id_}")
        return Example(id_, self.text(), labels, *near)


class _SeedFields(_LabelledFields):
    """A line of the seed corpus: nothing is left out, and nothing else is there."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(min_length=1)
    writer: str = Field(min_length=1)
    theme: str = Field(min_length=1)
    channel: str
    from_name: str
    from_email: str
    to: str
    subject: str


def read(path: Path) -> list[Example]:
    """The examples of one file. Raises `ConfigurationError` with a line for each fault: file, line, what is wrong."""
    examples = _read(path, lambda number, line: _SeedFields.model_validate_json(line).example(number), lambda _: ())
    return [replace(example, source=path.stem) for example in examples]


def read_labelled(path: Path, settings: Settings) -> list[Example]:
    """The examples of a file as `postroom suggest` takes them, with labels besides. Raises `ConfigurationError` with a
    line for each fault, also for labels that the council does not have."""
    return _read(
        path,
        lambda number, line: _LabelledFields.model_validate_json(line).example(number),
        lambda example: _unknown_labels(example.labels, settings),
    )


def _read(
    path: Path, example_of: Callable[[int, str], Example], faults_of: Callable[[Example], Iterable[str]]
) -> list[Example]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([f"{path}: can't be read: {error}"]) from None
    examples: dict[str, Example] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            example = example_of(number, line)
        except ValidationError as error:
            problems.extend(f"{path}: line {number}: {_fault(detail)}" for detail in error.errors())
            continue
        problems.extend(f"{path}: line {number}: {fault}" for fault in faults_of(example))
        if example.id in examples:
            problems.append(f"{path}: line {number}: id: {example.id} stands twice")
        examples[example.id] = example
    if problems:
        raise ConfigurationError(problems)
    return list(examples.values())


def _fault(detail: Any) -> str:
    place = ".".join(str(part) for part in detail["loc"])
    return f"{place}: {detail['msg']}" if place else detail["msg"]


def seed_files() -> list[Path]:
    """The files of the seed corpus, each by another writer, in a fixed order."""
    return sorted(SEED.glob("*.jsonl"))


def seed() -> list[Example]:
    """All examples that are shipped with Postroom, in a fixed order."""
    return [example for path in seed_files() for example in read(path)]


def digest(examples: Iterable[Example]) -> str:
    """SHA-256 over what the examples say, whatever their order."""
    rows = sorted(json.dumps(asdict(example), sort_keys=True) for example in examples)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def text_digest(text: Text) -> str:
    """Which message it is, by its words alone, whatever their case and spacing."""
    words = " ".join(f"{text.subject} {text.body}".lower().split())
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def problems_of(examples: Iterable[Example], settings: Settings) -> list[str]:
    """Each label that does not belong to the council's closed sets, and each id that stands twice, in words."""
    seen: set[str] = set()
    problems: list[str] = []
    for example in examples:
        if example.id in seen:
            problems.append(f"{example.id}: this id stands twice")
        seen.add(example.id)
        problems.extend(f"{example.id}: {problem}" for problem in _unknown_labels(example.labels, settings))
    return problems


def _unknown_labels(labels: Labels, settings: Settings) -> Iterator[str]:
    expected = {
        "type": settings.feedback_types,
        "category": settings.categories.get(labels.type, [NO_CATEGORY]),
        "team": list(settings.teams),
        "exclusion": settings.exclusions,
    }
    for target, known in expected.items():
        got = getattr(labels, target)
        if got not in known:
            yield f"{target}: expected one of {', '.join(known)}; got {got!r}"
