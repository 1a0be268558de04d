"""Letters from the council's templates: NAME.txt in the letters folder, its first line "Subject: …".

Templates are Jinja in a sandbox and see only the council and the facts below. What stands in a block of a template must
stand in the letter, whoever edits it (`letter_rules`).
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, Template, meta
from jinja2.sandbox import SandboxedEnvironment

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings
from postroom.notifications.envelopes import one_line
from postroom.notifications.layout import says


@dataclass(frozen=True)
class Version:
    """Which template it was: the digest of its text and of what it includes, and that text."""

    digest: str
    source: str


@dataclass(frozen=True)
class Letter:
    """A letter as it was made from its template. `kept` holds the words of each block that has any."""

    subject: str
    text: str
    version: Version | None = None
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """One separable point of a complaint and what became of it."""

    number: int
    text: str
    outcome: str
    answer: str


@dataclass(frozen=True)
class LetterFacts:
    """What a letter to a resident may say. Dates are in full; what does not apply is empty.

    `exclusion` is "none" or why the council can't take it up; `reason` is the officer's for an extension or a refusal;
    `answer_before` is when the answer was due before it was put off; `other_step` is what was put off where that is not
    the answer, as "hold the panel": both dates are then that step's; `next_stage` is what can be asked for, until
    `next_stage_by`; `deemed_withdrawn`: they did not withdraw it in words, but
    stopped answering; `sent_by` is the officer who writes, empty where nobody does.
    """

    reference: str
    subject: str
    received_on: str
    type: str
    procedure: str
    stage: str
    team: str
    answer_by: str
    exclusion: str
    name: str = ""
    requested_on: str = ""
    answer_before: str = ""
    reason: str = ""
    other_step: str = ""
    outcome: str = ""
    points: tuple[Point, ...] = ()
    remedies: tuple[str, ...] = ()
    next_stage: str = ""
    next_stage_by: str = ""
    refused_stage: str = ""
    whose_consent: str = ""
    deemed_withdrawn: bool = False
    language: str = ""
    sent_by: str = ""
    by_post: bool = False


@dataclass(frozen=True)
class DigestLine:
    """One step in a manager's digest. `subject` is empty for a sealed case."""

    reference: str
    subject: str
    type: str
    team: str
    step: str
    due: str
    standing: str
    link: str


@dataclass(frozen=True)
class DigestFacts:
    name: str
    lines: tuple[DigestLine, ...]


@dataclass(frozen=True)
class AlertFacts:
    """Only where to look: the message itself may be sealed."""

    reference: str
    link: str


@dataclass(frozen=True)
class NoticeFacts:
    """What is passed on to an officer. `words` are what somebody wrote; empty for a sealed case."""

    name: str
    reference: str
    team: str
    words: str
    link: str


@dataclass(frozen=True)
class CodeFacts:
    """The code by which a resident follows a case; it holds for so many minutes."""

    reference: str
    code: str
    minutes: int


@dataclass(frozen=True)
class CopyFacts:
    """A letter to a resident of which their advocate, who is called `name`, has a copy: its subject and its text."""

    name: str
    reference: str
    subject: str
    letter: str


Facts = LetterFacts | DigestFacts | AlertFacts | NoticeFacts | CodeFacts | CopyFacts


def in_full(day: date) -> str:
    """A date for a letter, as "Thursday 2 April 2026"."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def template_for(settings: Settings, name: str, *, procedure: str = "", stage: str = "", **others: str) -> str:
    """The most particular template there is for a letter: NAME.PROCEDURE.STAGE, NAME.PROCEDURE, then NAME with one of
    `others` (as a case's exclusion or type), then NAME."""
    folder = settings.path(settings.outgoing.letters)
    particular = [f"{procedure}.{stage}", procedure] if procedure else []
    candidates = [f"{name}.{each}" for each in (*particular, *others.values()) if each.strip(".")]
    return next((each for each in candidates if (folder / f"{each}.txt").is_file()), name)


def render(settings: Settings, name: str, facts: Facts) -> Letter:
    """The letter `name`. Raises `ConfigurationError` with the file and what is wrong in it."""
    folder = settings.path(settings.outgoing.letters)
    templates = _templates(folder)
    file = folder / f"{name}.txt"
    if not file.is_file():
        raise ConfigurationError([f"{file}: expected a letter; there is no such file"])
    known = {
        **vars(facts),
        "council": settings.council,
        "follow_url": settings.follow_url,
        "ombudsman_types": settings.outgoing.ombudsman_types,
    }
    try:
        template = templates.get_template(file.name)
        text = template.render(known)
        kept = {block: words for block, words in _blocks(template, known) if says(text, words)}
        version = _version(folder, file.name)
    except Exception as error:  # a template is the council's own code and may raise anything
        raise ConfigurationError([f"{file}: the letter can't be written: {error}"]) from error
    first, _, rest = text.partition("\n")
    subject = one_line(first.removeprefix("Subject:"))
    if not first.startswith("Subject:") or not subject:
        raise ConfigurationError([f"{file}: expected the first line to be Subject: and a subject"])
    return Letter(subject, rest.strip() + "\n", version, kept)


def _blocks(template: Template, known: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """The words of each block of the template that has any."""
    for name, block in template.blocks.items():
        words = "".join(block(template.new_context(dict(known)))).strip()
        if words:
            yield name, words


@lru_cache(maxsize=8)
def _templates(folder: Path) -> SandboxedEnvironment:
    """The templates of a folder, kept compiled; a file that was changed is read anew."""
    return SandboxedEnvironment(
        loader=FileSystemLoader(folder), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@lru_cache(maxsize=256)
def _included(source: str) -> tuple[str, ...]:
    """The names of the templates that a template is made with."""
    found = meta.find_referenced_templates(SandboxedEnvironment().parse(source))
    return tuple(name for name in found if name is not None)


def _version(folder: Path, name: str) -> Version:
    """The template's text followed by that of all that it includes."""
    names = [name]
    for each in names:
        names += [other for other in _included((folder / each).read_text()) if other not in names]
    source = "\n".join((folder / each).read_text() for each in names)
    return Version(hashlib.sha256(f"{name}\n{source}".encode()).hexdigest(), source)
