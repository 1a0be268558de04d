"""Procedures as configuration: stages, their steps with limits, clocks, extensions, windows, and who may answer.

A step is done once in its stage and sets a clock when it is; other steps start at clocks. `Procedure.problems` finds
what cannot work, with the place: a step that starts at a clock that nothing sets before it, a window to nowhere.
"""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from postroom.models.setting_types import Days, RoleName, Table

StepName = Literal["acknowledge", "agree_statement", "adjudicate", "panel_meets", "panel_reports", "respond"]
Clock = Literal[
    "received",
    "confirmed",
    "requested",
    "previous_responded",
    "acknowledged",
    "statement_agreed",
    "adjudicated",
    "panel_met",
    "panel_reported",
    "responded",
]

SETS: dict[StepName, Clock] = {
    "acknowledge": "acknowledged",
    "agree_statement": "statement_agreed",
    "adjudicate": "adjudicated",
    "panel_meets": "panel_met",
    "panel_reports": "panel_reported",
    "respond": "responded",
}
"""The clock that each step sets when it is done, in the order in which the steps of a stage are done."""

AT_THE_START: dict[bool, tuple[Clock, ...]] = {
    True: ("received", "confirmed"),
    False: ("requested", "previous_responded"),
}
"""The clocks that stand when a stage begins: the first stage (True), and every later one."""


class Extension(Table):
    """How far a step may be put off. The cap counts from the step's clock, so it includes the limit."""

    by: Days = Field(gt=0, description="working days, the most at once")
    cap: Days = Field(description="working days, the limit and all extensions together")
    needs_reason: bool = True
    agreed_by: list[RoleName] = Field(default=[], description="who may put it off; empty: every role")


class OtherLimit(Table):
    """Another limit of a step for some cases. What is empty fits every case; the first that fits counts."""

    limit: Days
    services: list[str] = Field(default=[])
    teams: list[str] = Field(default=[])
    categories: list[str] = Field(default=[])
    cap: Days | None = Field(default=None, description="with extensions; none: as much longer as the limit is")

    @model_validator(mode="after")
    def _for_somebody(self) -> Self:
        if not (self.services or self.teams or self.categories):
            raise ValueError("expected services, teams or categories that it is for")
        if self.cap is not None and self.cap < self.limit:
            raise ValueError(f"expected a cap of at least the limit {self.limit}; got {self.cap}")
        return self

    def fits(self, service: str, team: str, category: str) -> bool:
        wanted = ((self.services, service), (self.teams, team), (self.categories, category))
        return all(not names or name in names for names, name in wanted)


class Step(Table):
    """One step of a stage: `limit` working days from the moment that its clock starts."""

    limit: Days
    starts: Clock
    other_limits: list[OtherLimit] = Field(default=[])
    extension: Extension | None = Field(default=None, description="none: it can't be put off")

    def limit_for(self, service: str, team: str, category: str) -> int:
        """The limit for a case of this team's service, team and category, in working days."""
        other = self._other(service, team, category)
        return self.limit if other is None else other.limit

    def cap_for(self, service: str, team: str, category: str) -> int:
        """The limit with all extensions, in working days; the limit itself where nothing can be put off."""
        other = self._other(service, team, category)
        if self.extension is None:
            return self.limit_for(service, team, category)
        if other is None:
            return self.extension.cap
        return other.cap if other.cap is not None else other.limit + self.extension.cap - self.limit

    def _other(self, service: str, team: str, category: str) -> OtherLimit | None:
        return next((other for other in self.other_limits if other.fits(service, team, category)), None)

    @model_validator(mode="after")
    def _cap_above_limit(self) -> Self:
        if self.extension is not None and self.extension.cap < self.limit:
            raise ValueError(f"expected extension.cap of at least the limit {self.limit}; got {self.extension.cap}")
        return self


class Window(Table):
    """How long somebody may ask for the next stage. Later requests are an officer's decision."""

    limit: Days
    starts: Literal["responded", "adjudicated"] = "responded"
    decided_by: list[RoleName] = Field(default=[], description="who accepts or refuses a request; empty: every role")


class Stage(Table):
    """One stage of a procedure. The answer to it is its step `respond`, or `adjudicate` where there is no other."""

    id: str = Field(pattern=r"^[a-z0-9-]{1,40}$", description="kept on cases for ever; the name may change")
    name: str
    acknowledgement: str = Field(default="", description="its letter; empty: the procedure's")
    steps: dict[StepName, Step] = Field(min_length=1)
    window: Window | None = Field(default=None, description="to ask for the next stage")
    answered_by: list[RoleName] = Field(default=[], description="who may answer; empty: every role")
    somebody_else: bool = Field(default=False, description="answered by nobody who answered an earlier stage")

    @property
    def acknowledge(self) -> Step | None:
        return self.steps.get("acknowledge")

    @property
    def answer(self) -> StepName | None:
        """The step that answers the person; None where no answer is due."""
        names: tuple[StepName, ...] = ("respond", "adjudicate")
        return next((name for name in names if name in self.steps), None)

    @property
    def respond(self) -> Step | None:
        """The step that answers the person, whatever it is called."""
        return self.steps[self.answer] if self.answer else None


class Consent(Table):
    """What waiting for somebody's consent does to the dates of every step but the acknowledgement."""

    clock: Literal["runs", "pauses", "starts"] = Field(
        default="pauses", description="starts: the steps count from the day on which it came"
    )


class Procedure(Table):
    """How a case of these types (and services and teams, where named) is handled. The first that fits is taken."""

    name: str
    types: list[str]
    services: list[str] = Field(default=[], description="empty: every service")
    teams: list[str] = Field(default=[], description="empty: every team")
    acknowledgement: str = Field(description="the letter that acknowledges it, a file in the letters folder")
    consent: Consent = Consent()
    stages: list[Stage] = Field(min_length=1)

    def stage(self, id_: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.id == id_), None)

    def problems(self) -> Iterator[tuple[str, str]]:
        """What cannot work: (path within the procedure, what was expected)."""
        ids = [stage.id for stage in self.stages]
        for number, stage in enumerate(self.stages):
            path = f"stages.{number}"
            if ids.index(stage.id) != number:
                yield f"{path}.id", f"expected each id once; {stage.id} stands twice"
            yield from _clock_problems(path, stage, first=number == 0)
            yield from self._window_problems(path, stage, number)
            yield from _answer_problems(path, stage, first=number == 0)

    def _window_problems(self, path: str, stage: Stage, number: int) -> Iterator[tuple[str, str]]:
        last = number == len(self.stages) - 1
        if stage.window is None:
            if not last:
                yield f"{path}.window", "expected how long the next stage can be asked for"
            return
        if last:
            yield f"{path}.window", "expected a next stage that can be asked for; this is the last"
        set_here = {SETS[step] for step in stage.steps}
        if stage.answer:
            set_here.add("responded")
        if stage.window.starts not in set_here:
            yield (
                f"{path}.window.starts",
                f"expected a clock that a step of the stage sets; nothing sets {stage.window.starts}",
            )


def _answer_problems(path: str, stage: Stage, *, first: bool) -> Iterator[tuple[str, str]]:
    """Rules for an answer that is never given, and steps after the answer, which nobody would come to."""
    if stage.somebody_else and first:
        yield f"{path}.somebody_else", "expected a stage before it whose answer is looked at again"
    for name in ("answered_by", "somebody_else"):
        if getattr(stage, name) and stage.answer is None:
            yield f"{path}.{name}", "expected a step respond or adjudicate, which it is about"
    order = list(SETS)
    for name in order[order.index(stage.answer) + 1 :] if stage.answer else ():
        if name in stage.steps:
            yield (
                f"{path}.steps.{name}",
                f"expected a step respond after it; {stage.answer} answers the stage before it",
            )


def _clock_problems(path: str, stage: Stage, *, first: bool) -> Iterator[tuple[str, str]]:
    """Steps that start at a clock that nothing sets before them."""
    known: list[str] = list(AT_THE_START[first])
    for name, sets in SETS.items():
        step = stage.steps.get(name)
        if step is None:
            continue
        if step.starts not in known:
            yield (
                f"{path}.steps.{name}.starts",
                f"expected a clock that is set before it ({', '.join(known)}); got {step.starts}, which is never set",
            )
        known.append(sets)
