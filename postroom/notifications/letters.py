"""Letters from the council's templates: NAME.txt in the letters folder, its first line "Subject: …".

Templates are Jinja in a sandbox and see only the council and the facts below. A letter that doesn't say what it must
is not written: `check` finds it before the start, `write` refuses it later.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from postroom.models.failures import ConfigurationError
from postroom.models.procedure_settings import Procedure
from postroom.models.settings import NO_EXCLUSION, Settings
from postroom.notifications.envelopes import one_line
from postroom.notifications.owed import ALERT, DIGEST, SIGNPOST

COMPLAINT = "complaint"


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str


@dataclass(frozen=True)
class LetterFacts:
    """What a letter to a resident may say. `answer_by` is empty where no answer is due; `exclusion` is "none" or why
    the council can't take it up."""

    reference: str
    subject: str
    received_on: str
    type: str
    procedure: str
    stage: str
    team: str
    answer_by: str
    exclusion: str


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


Facts = LetterFacts | DigestFacts | AlertFacts


def in_full(day: date) -> str:
    """A date for a letter, as "Thursday 2 April 2026"."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def render(settings: Settings, name: str, facts: Facts) -> Letter:
    """The letter `name`. Raises `ConfigurationError` with the file and what is wrong in it."""
    folder = settings.path(settings.outgoing.letters)
    templates = SandboxedEnvironment(
        loader=FileSystemLoader(folder), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    file = folder / f"{name}.txt"
    if not file.is_file():
        raise ConfigurationError([f"{file}: expected a letter; there is no such file"])
    try:
        text = templates.get_template(file.name).render(vars(facts), council=settings.council)
    except Exception as error:  # a template is the council's own code and may raise anything
        raise ConfigurationError([f"{file}: the letter can't be written: {error}"]) from error
    first, _, rest = text.partition("\n")
    subject = one_line(first.removeprefix("Subject:"))
    if not first.startswith("Subject:") or not subject:
        raise ConfigurationError([f"{file}: expected the first line to be Subject: and a subject"])
    return Letter(subject, rest.strip() + "\n")


def write(settings: Settings, name: str, facts: LetterFacts) -> Letter:
    """The letter `name` to a resident. Raises `ConfigurationError` also where it lacks what it must say."""
    letter = render(settings, name, facts)
    words = " ".join(letter.text.split())
    missing = [what for what, said in _must_say(settings, name, facts).items() if " ".join(said.split()) not in words]
    if missing:
        file = settings.path(settings.outgoing.letters) / f"{name}.txt"
        raise ConfigurationError([f"{file}: expected the letter to give {what}" for what in missing])
    return letter


def _must_say(settings: Settings, name: str, facts: LetterFacts) -> dict[str, str]:
    """What a letter must say, and in which words (Complaint Handling Code 2024, sections 2 and 5)."""
    required = {"the case's reference": facts.reference}
    if facts.answer_by and name != SIGNPOST:
        required["the date of the answer"] = facts.answer_by
    if facts.type == COMPLAINT:
        required["the Ombudsman's name"] = settings.council.ombudsman.name
    return required


def check(settings: Settings) -> list[str]:
    """What is wrong with the council's letters, one line each with its file: missing, can't be written with sample
    facts, or lacks what it must say."""
    return list(dict.fromkeys(_problems(settings)))


def _problems(settings: Settings) -> Iterator[str]:
    for procedure in settings.procedures.values():
        for type_ in procedure.types:
            yield from _faults(settings, procedure.acknowledgement, _sample(settings, procedure, type_))
    yield from _signpost_faults(settings)
    line = DigestLine(
        _reference(settings), "", COMPLAINT, "Highways", "respond", "Wed 4 Mar 2026", "due today", "http:"
    )
    yield from _faults(settings, DIGEST, DigestFacts("Sam Marsh", (line,)))
    yield from _faults(settings, ALERT, AlertFacts(_reference(settings), "http:"))


def _faults(settings: Settings, name: str, facts: Facts) -> list[str]:
    try:
        if isinstance(facts, LetterFacts):
            write(settings, name, facts)
        else:
            render(settings, name, facts)
    except ConfigurationError as error:
        return error.problems
    return []


def _signpost_faults(settings: Settings) -> Iterator[str]:
    facts = _sample(settings, next(iter(settings.procedures.values())), COMPLAINT)
    faults = _faults(settings, SIGNPOST, facts)
    if faults:
        yield from faults
        return
    without = write(settings, SIGNPOST, facts).text
    for exclusion in settings.exclusions:
        excluded = replace(facts, exclusion=exclusion)
        faults = _faults(settings, SIGNPOST, excluded)
        yield from faults
        if not faults and exclusion != NO_EXCLUSION and write(settings, SIGNPOST, excluded).text == without:
            file = settings.path(settings.outgoing.letters) / f"{SIGNPOST}.txt"
            yield f"{file}: expected a paragraph for the exclusion {exclusion}"


def _reference(settings: Settings) -> str:
    return f"{settings.council.reference_prefix}-2026-000123"


def _sample(settings: Settings, procedure: Procedure, type_: str) -> LetterFacts:
    stage = procedure.stages[0]
    return LetterFacts(
        reference=_reference(settings),
        subject="The street light outside my house",
        received_on=in_full(date(2026, 3, 4)),
        type=type_,
        procedure=procedure.name,
        stage=stage.name,
        team=next(team.name for team in settings.teams.values()),
        answer_by=in_full(date(2026, 3, 18)) if stage.respond else "",
        exclusion=NO_EXCLUSION,
    )
