"""Which procedure a case follows, and when each of its steps is due. Pure: rules come from the configuration.

Defaults: Complaint Handling Code (2024) for corporate complaints; SI 2006/1738 for children's social care; SI 2009/309
for adult social care.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from postroom.casework.working_days import Calendar, Count
from postroom.models.failures import ImpossibleMove
from postroom.models.procedure_settings import SETS, Stage, Step
from postroom.models.settings import Settings

CLOCK_WORDS = {"previous_responded": "answered before"}
STEP_WORDS = {
    "acknowledge": "acknowledge",
    "agree_statement": "agree the statement",
    "adjudicate": "adjudicate",
    "panel_meets": "hold the panel",
    "panel_reports": "report on the panel",
    "respond": "respond",
}


@dataclass(frozen=True)
class Wait:
    """A time during which somebody's consent was wanted; `ended` is None while it still is."""

    began: datetime
    ended: datetime | None = None


@dataclass(frozen=True)
class Facts:
    """What decides the dates of a stage, besides the configuration. `clocks` holds those that have started; `extended`
    working days by step, of which no more count than the step's cap allows; `consent` says what a wait does to the
    dates (`procedure_settings.Consent`)."""

    clocks: Mapping[str, datetime]
    team: str = ""
    service: str = ""
    category: str = ""
    extended: Mapping[str, int] = field(default_factory=dict)
    waits: tuple[Wait, ...] = ()
    consent: str = "runs"


@dataclass(frozen=True)
class Due:
    """One step and the date by which it is due. `original_due_on` is the date without extensions; `paused`: it waits
    for consent, so that its date is not known yet."""

    stage: str
    step: str
    started_at: datetime
    started_by: str
    limit_days: int
    extended_days: int
    paused_days: int
    due_on: date
    original_due_on: date
    working: str
    paused: bool = False


def procedure_for(settings: Settings, type_: str, team: str) -> str:
    """The id of the procedure to propose: the first that takes this type from this team."""
    service = settings.teams[team].service if team in settings.teams else ""
    for id_, procedure in settings.procedures.items():
        takes_service = not procedure.services or service in procedure.services
        takes_team = not procedure.teams or team in procedure.teams
        if type_ in procedure.types and takes_service and takes_team:
            return id_
    raise ImpossibleMove(f"No procedure takes the type {type_}.")


def procedures_taking(settings: Settings, type_: str) -> list[str]:
    """The ids of all procedures that an officer may choose for a type."""
    return [id_ for id_, procedure in settings.procedures.items() if type_ in procedure.types]


def stage_named(settings: Settings, procedure: str, stage: str) -> Stage:
    """The stage of a procedure by its id; raises `ImpossibleMove` where the configuration no longer has it."""
    found = settings.procedures[procedure].stage(stage) if procedure in settings.procedures else None
    if found is None:
        raise ImpossibleMove(f"The configuration has no stage {stage} in procedure {procedure}.")
    return found


def stage_after(settings: Settings, procedure: str, number: int) -> Stage | None:
    """The stage after the one numbered `number` (1 is the first); None after the last."""
    stages = settings.procedures[procedure].stages if procedure in settings.procedures else []
    return stages[number] if number < len(stages) else None


def steps_due(stage: Stage, facts: Facts, calendar: Calendar) -> list[Due]:
    """The steps of `stage` with their dates, in the order in which they are done.

    A step whose clock has not started counts from the last day on which it may start: the response to a complaint that
    is not yet acknowledged counts from the day by which it must be.
    """
    due: dict[str, Due] = {}
    for name, sets in SETS.items():
        step = stage.steps.get(name)
        if step is not None:
            due[sets] = _due(stage, name, step, facts, calendar, due)
    return list(due.values())


def window_ends(stage: Stage, clocks: Mapping[str, datetime], calendar: Calendar) -> Count | None:
    """The last day on which the next stage can be asked for; None where there is none, or its clock has not started."""
    if stage.window is None or stage.window.starts not in clocks:
        return None
    return calendar.count(clocks[stage.window.starts], stage.window.limit, stage.window.starts)


def _due(stage: Stage, name: str, step: Step, facts: Facts, calendar: Calendar, before: Mapping[str, Due]) -> Due:
    limit = step.limit_for(facts.service, facts.team, facts.category)
    room = step.cap_for(facts.service, facts.team, facts.category) - limit
    extended = min(facts.extended.get(name, 0), room)
    waits = facts.waits if name != "acknowledge" and facts.consent != "runs" else ()
    paused = any(wait.ended is None for wait in waits)
    if step.starts in facts.clocks:
        started_at, started_by = facts.clocks[step.starts], str(step.starts)
        came = [wait.ended for wait in waits if wait.ended is not None]
        if facts.consent == "starts" and came and max(came) > started_at:
            started_at, started_by = max(came), "consent"
        day_0 = calendar.day_0(started_at)
        intro, first = "", CLOCK_WORDS.get(started_by, started_by).replace("_", " ")
    else:
        earlier = before[step.starts]
        started_at, started_by, day_0 = earlier.started_at, earlier.started_by, earlier.due_on
        setter = next(step_name for step_name, sets in SETS.items() if sets == step.starts)
        intro, first = f"{earlier.working}, the last day to {STEP_WORDS[setter]}", ""
    waited = _waited(waits, day_0, calendar) if facts.consent == "pauses" else 0
    original = calendar.add(day_0, limit + waited)
    due_on = calendar.add(original, extended)
    if intro:
        working = f"{intro}; {limit + waited + extended} working days from there"
    else:
        working = calendar.count(started_at, limit + waited + extended, first).working
    if waited:
        working += f"; {_days(waited)} of waiting for consent not counted"
    if extended:
        working += f"; {_days(extended)} of these by extension"
    if paused:
        working += "; waits for consent"
    return Due(
        stage.id, name, started_at, started_by, limit, extended, waited, due_on, original, working, paused=paused
    )


def _waited(waits: tuple[Wait, ...], day_0: date, calendar: Calendar) -> int:
    """Working days after `day_0` on which consent was wanted. The day on which it came counts as waited."""
    days = {
        day
        for wait in waits
        if wait.ended is not None
        for day in calendar.working_days(max(day_0, calendar.local_day(wait.began)), calendar.local_day(wait.ended))
    }
    return len(days)


def _days(number: int) -> str:
    return f"{number} working day{'' if number == 1 else 's'}"
