"""Which procedure a case follows, and when each of its steps is due. Pure: rules come from the configuration.

Defaults: Complaint Handling Code (2024) for corporate complaints; SI 2006/1738 for children's social care.
"""

from dataclasses import dataclass
from datetime import date, datetime

from postroom.casework.working_days import Calendar
from postroom.models.failures import ImpossibleMove
from postroom.models.settings import Settings, Stage


@dataclass(frozen=True)
class Clocks:
    """The moments from which steps are counted; None where it has not happened yet."""

    received: datetime
    acknowledged: datetime | None = None


@dataclass(frozen=True)
class Due:
    """One step and the date by which it is due."""

    stage: str
    step: str
    started_at: datetime
    started_by: str
    limit_days: int
    due_on: date
    working: str


def procedure_for(settings: Settings, type_: str, team: str) -> str:
    """The id of the first procedure that takes this type from this team's service."""
    service = settings.teams[team].service if team in settings.teams else ""
    for id_, procedure in settings.procedures.items():
        if type_ in procedure.types and (not procedure.services or service in procedure.services):
            return id_
    raise ImpossibleMove(f"No procedure takes the type {type_}.")


def first_stage(settings: Settings, procedure: str) -> Stage:
    return settings.procedures[procedure].stages[0]


def stage_named(settings: Settings, procedure: str, stage: str) -> Stage:
    """The stage of a procedure; raises `ImpossibleMove` where the configuration no longer has it."""
    for candidate in settings.procedures[procedure].stages if procedure in settings.procedures else []:
        if candidate.name == stage:
            return candidate
    raise ImpossibleMove(f"The configuration has no stage {stage} in procedure {procedure}.")


def steps_due(stage: Stage, clocks: Clocks, calendar: Calendar) -> list[Due]:
    """The steps of `stage` with their dates.

    A step whose clock has not started counts from the last day on which it may start: the response to a complaint that
    is not yet acknowledged counts from the day by which it must be.
    """
    due: list[Due] = []
    for name, step in stage.steps.items():
        if step.starts == "acknowledged" and clocks.acknowledged is None and stage.acknowledge is not None:
            latest = calendar.count(clocks.received, stage.acknowledge.limit, "received")
            due_on = calendar.add(latest.due_on, step.limit)
            working = f"{latest.working}, the last day to acknowledge; {step.limit} working days from there"
            due.append(Due(stage.name, name, clocks.received, "received", step.limit, due_on, working))
            continue
        started_at = clocks.acknowledged if step.starts == "acknowledged" else clocks.received
        if started_at is None:
            raise ImpossibleMove(f"The step {name} waits for a clock that is never set.")
        count = calendar.count(started_at, step.limit, step.starts)
        due.append(Due(stage.name, name, started_at, step.starts, step.limit, count.due_on, count.working))
    return due
