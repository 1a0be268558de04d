"""The check of a council's letters before the start: each is written once with sample facts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from postroom.models.failures import ConfigurationError
from postroom.models.procedure_settings import Procedure, Stage
from postroom.models.settings import NO_EXCLUSION, Settings
from postroom.notifications.follow_codes import FOLLOW_CODE
from postroom.notifications.letter_rules import write
from postroom.notifications.letters import (
    AlertFacts,
    CodeFacts,
    CopyFacts,
    DigestFacts,
    DigestLine,
    Facts,
    LetterFacts,
    NoticeFacts,
    Point,
    in_full,
    render,
    template_for,
)
from postroom.notifications.owed import ALERT, COPY, DIGEST, PASSED_ON, SIGNPOST, Purpose, acknowledgement_of

_LINK = "https://desk.council.example/cases"
_ANSWERING = (Purpose.RESPONSE, Purpose.EXTENSION)
_ANY_TIME = (Purpose.CONSENT, Purpose.WITHDRAWAL, Purpose.CLOSING)


def check(settings: Settings) -> list[str]:
    """What is wrong with the council's letters, one line each with its file: missing, can't be written with sample
    facts, or lacks what it must say."""
    return list(dict.fromkeys(_problems(settings)))


def _problems(settings: Settings) -> Iterator[str]:
    for id_, procedure in settings.procedures.items():
        for type_ in procedure.types:
            for number, stage in enumerate(procedure.stages):
                yield from _stage_faults(settings, id_, procedure, type_, number, stage)
    yield from _signpost_faults(settings)
    if settings.outgoing.instant_acknowledgement:
        first = next(iter(settings.procedures.values()))
        yield from _faults(settings, Purpose.RECEIPT, Purpose.RECEIPT, sample(settings, first, 0, ""))
    yield from _internal_faults(settings)
    yield from _never_asked_for(settings)


def _stage_faults(
    settings: Settings, id_: str, procedure: Procedure, type_: str, number: int, stage: Stage
) -> Iterator[str]:
    facts = sample(settings, procedure, number, type_)
    acknowledgement = acknowledgement_of(settings, id_, stage.id)
    if acknowledgement:
        yield from _faults(settings, Purpose.ACKNOWLEDGEMENT, acknowledgement, facts)
    purposes = [*_ANY_TIME, *(_ANSWERING if stage.answer else ())]
    if number + 1 < len(procedure.stages):
        purposes.append(Purpose.REFUSAL)
    for purpose in purposes:
        name = template_for(settings, purpose, procedure=id_, stage=stage.id, type=type_)
        yield from _faults(settings, purpose, name, facts)


def _signpost_faults(settings: Settings) -> Iterator[str]:
    procedure = next(iter(settings.procedures.values()))
    facts = sample(settings, procedure, 0, procedure.types[0])
    faults = _faults(settings, Purpose.ACKNOWLEDGEMENT, SIGNPOST, replace(facts, exclusion=""))
    if faults:
        yield from faults
        return
    without = write(settings, Purpose.ACKNOWLEDGEMENT, SIGNPOST, replace(facts, exclusion="")).text
    for exclusion in settings.exclusions:
        if exclusion == NO_EXCLUSION:
            continue
        name = template_for(settings, SIGNPOST, exclusion=exclusion)
        excluded = replace(facts, exclusion=exclusion)
        faults = _faults(settings, Purpose.ACKNOWLEDGEMENT, name, excluded)
        yield from faults
        if not faults and write(settings, Purpose.ACKNOWLEDGEMENT, name, excluded).text == without:
            file = settings.path(settings.outgoing.letters) / f"{SIGNPOST}.txt"
            yield f"{file}: expected a paragraph for the exclusion {exclusion}, or a letter {SIGNPOST}.{exclusion}.txt"


def _internal_faults(settings: Settings) -> Iterator[str]:
    """Letters to officers."""
    for name, facts in _internal_samples(settings).items():
        if name != PASSED_ON or settings.outgoing.passed_on_types:
            yield from _faults(settings, None, name, facts)


def _never_asked_for(settings: Settings) -> Iterator[str]:
    """Particular letters, as extension.corporate.txt, whose particular part is nothing in the configuration."""
    particular = {*settings.feedback_types, *settings.exclusions, *settings.procedures}
    particular |= {f"{id_}.{stage.id}" for id_, procedure in settings.procedures.items() for stage in procedure.stages}
    for file in sorted(settings.path(settings.outgoing.letters).glob("*.*.txt")):
        part = file.name.removesuffix(".txt").partition(".")[2]
        if part not in particular:
            yield f"{file}: expected a type, exclusion, procedure or procedure.stage; there is none called {part}"


def _faults(settings: Settings, purpose: Purpose | None, name: str, facts: Facts) -> list[str]:
    try:
        if purpose is not None and isinstance(facts, LetterFacts):
            write(settings, purpose, name, facts)
        else:
            render(settings, name, facts)
    except ConfigurationError as error:
        return error.problems
    return []


def _reference(settings: Settings) -> str:
    return f"{settings.council.reference_prefix}-2026-000123"


def sample_for(settings: Settings, name: str) -> Facts:
    """Facts such as the letter in NAME.txt could be written with."""
    internal = _internal_samples(settings)
    if name in internal:
        return internal[name]
    base, _, particular = name.partition(".")
    first = next(iter(settings.procedures))
    for id_, procedure in settings.procedures.items():
        for number, stage in enumerate(procedure.stages):
            if acknowledgement_of(settings, id_, stage.id) == base or particular in (id_, f"{id_}.{stage.id}"):
                return sample(settings, procedure, number, procedure.types[0])
    facts = sample(settings, settings.procedures[first], 0, settings.procedures[first].types[0])
    return replace(facts, exclusion=particular) if base == SIGNPOST else facts


def _internal_samples(settings: Settings) -> dict[str, Facts]:
    reference = _reference(settings)
    team = next(team.name for team in settings.teams.values())
    line = DigestLine(reference, "", "complaint", team, "respond", "Wed 4 Mar 2026", "due today", _LINK)
    return {
        DIGEST: DigestFacts("Sam Marsh", (line,)),
        ALERT: AlertFacts(reference, _LINK),
        COPY: CopyFacts("Mina Grant", reference, "Your complaint", "Thank you for telling us."),
        FOLLOW_CODE: CodeFacts(reference, "123456", settings.residents.code_minutes),
        PASSED_ON: NoticeFacts("Sam Marsh", reference, team, "Thank you", _LINK),
    }


def sample(settings: Settings, procedure: Procedure, number: int, type_: str) -> LetterFacts:
    """Facts such as a case in stage `number` (from 0) of a procedure could have, with all that letters tell of."""
    stage = procedure.stages[number]
    following = procedure.stages[number + 1] if number + 1 < len(procedure.stages) else None
    return LetterFacts(
        reference=_reference(settings),
        subject="The street light outside my house",
        received_on=in_full(date(2026, 3, 4)),
        type=type_,
        procedure=procedure.name,
        stage=stage.name,
        team=next(team.name for team in settings.teams.values()),
        answer_by=in_full(date(2026, 3, 18)) if stage.answer else "",
        exclusion=NO_EXCLUSION,
        name="Pat Moss",
        requested_on=in_full(date(2026, 4, 1)) if number else "",
        answer_before=in_full(date(2026, 3, 11)),
        reason="We are waiting for a report.",
        outcome="partially upheld",
        points=(Point(1, "The light is out", "upheld", "It is mended."),),
        remedies=("apology",),
        next_stage=following.name if following else "",
        next_stage_by=in_full(date(2026, 4, 15)) if following else "",
        refused_stage=following.name if following else "",
        whose_consent="your mother",
        language="Polish",
        sent_by="Sam Marsh",
    )
