"""A case's deadlines, kept as its procedure, stage, clocks, extensions and waits say."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from postroom.casework.papers import NOT_YET, Papers, done_in
from postroom.casework.procedures import Due, Facts, Wait, stage_named, steps_due, window_ends
from postroom.casework.working_days import Calendar, calendar_of, in_words
from postroom.models.case import Case, Deadline, DeadlineState
from postroom.models.failures import ImpossibleMove
from postroom.models.procedure_settings import SETS
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage


@dataclass(frozen=True)
class Moved:
    """The dates of a case's steps before and after a change, for its event."""

    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The dates that changed, as "; respond moved from Wed 25 Mar 2026 to Thu 19 Mar 2026"; empty for none."""
        changed = [
            f"{step.replace('_', ' ')} moved from {_words(self.before[step])} to {_words(due)}"
            for step, due in self.after.items()
            if self.before.get(step, due) != due
        ]
        return "".join(f"; {each}" for each in changed)


def set_deadlines(papers: Papers, settings: Settings) -> Moved:
    """Make the case's deadlines those of its procedure and stage. What is done keeps its date."""
    session, case = papers.session, papers.case
    done = done_in(papers.stages[-1]) if papers.stages else {}
    existing = {(deadline.stage, deadline.step): deadline for deadline in papers.deadlines}
    before = {
        deadline.step: deadline.due_on.isoformat()
        for deadline in existing.values()
        if deadline.state in NOT_YET or (deadline.state == DeadlineState.MET and deadline.stage == case.stage)
    }
    after = {}
    for due in steps_of(papers, settings):
        deadline = existing.pop((due.stage, due.step), None) or _new_deadline(papers, due)
        if deadline.state != DeadlineState.MET:
            _move(deadline, due)
        deadline.met_at = done.get(due.step)
        deadline.state = _state(due, deadline.met_at)
        after[due.step] = deadline.due_on.isoformat()
        session.add(deadline)
    for deadline in existing.values():
        if deadline.state in NOT_YET:
            deadline.state = DeadlineState.CANCELLED
    return Moved(before, after)


def correct_deadlines(papers: Papers, settings: Settings) -> Moved:
    """Count anew the steps of all stages that a case went through, also what is done: one of its dates was wrong. Steps
    of earlier stages are named "respond of stage-1"."""
    before, after = {}, {}
    for number, stage in enumerate(papers.stages, start=1):
        existing = {deadline.step: deadline for deadline in papers.deadlines if deadline.stage == stage.stage}
        done = done_in(stage)
        for due in _steps(papers, papers.stages[:number], settings):
            deadline = existing.get(due.step)
            if deadline is None:
                continue
            name = due.step if stage is papers.stages[-1] else f"{due.step} of {due.stage}"
            before[name] = deadline.due_on.isoformat()
            _move(deadline, due)
            deadline.met_at = done.get(due.step)
            if deadline.state != DeadlineState.CANCELLED or deadline.met_at is not None:
                deadline.state = _state(due, deadline.met_at)
            after[name] = deadline.due_on.isoformat()
    return Moved(before, after)


def cancel_deadlines(papers: Papers) -> None:
    """Let nothing more be due: a cancelled step was not met."""
    for deadline in papers.open_deadlines:
        deadline.state = DeadlineState.CANCELLED


def steps_now(session: Session, case: Case, settings: Settings, **started: datetime) -> list[Due]:
    """The steps of the stage that a case is in, with their dates. `started` adds clocks, as `acknowledged=now` to see
    when the answer is due if it is acknowledged now."""
    return steps_of(Papers(session, case), settings, **started)


def steps_of(papers: Papers, settings: Settings, **started: datetime) -> list[Due]:
    """The same, for whoever has its papers."""
    return _steps(papers, papers.stages, settings, **started)


def steps_under(session: Session, case: Case, settings: Settings, procedure: str) -> list[Due]:
    """The steps with their dates as they would be if a confirmed case followed another procedure. Raises
    `ImpossibleMove` where that has no such stage."""
    stages = settings.procedures[procedure].stages if procedure in settings.procedures else []
    if case.stage_number > len(stages):
        raise ImpossibleMove(f"{case.reference} is in stage {case.stage_number}, which that procedure does not have.")
    papers = Papers(session, case)
    facts = _facts(papers, papers.stages, settings)
    consent = settings.procedures[procedure].consent.clock
    return steps_due(stages[case.stage_number - 1], replace(facts, consent=consent), calendar_of(settings))


def set_window(papers: Papers, stage: CaseStage, settings: Settings) -> str:
    """Set the last day to ask for the next stage; returns its working, empty where there is none."""
    clocks = _clocks(papers.case, papers.stages[: stage.number])
    configured = stage_named(settings, papers.case.procedure, stage.stage)
    count = window_ends(configured, clocks, calendar_of(settings))
    stage.window_ends_on = count.due_on if count else None
    return count.working if count else ""


def _steps(papers: Papers, stages: list[CaseStage], settings: Settings, **started: datetime) -> list[Due]:
    """The steps of the last of `stages`, which are those that a case went through up to some one."""
    id_ = stages[-1].stage if stages else papers.case.stage
    facts = _facts(papers, stages, settings, **started)
    return steps_due(stage_named(settings, papers.case.procedure, id_), facts, calendar_of(settings))


def _facts(papers: Papers, stages: list[CaseStage], settings: Settings, **started: datetime) -> Facts:
    case = papers.case
    stage = stages[-1].stage if stages else case.stage
    return Facts(
        clocks=_clocks(case, stages) | started,
        team=case.team,
        service=settings.teams[case.team].service if case.team in settings.teams else "",
        category=case.category,
        extended={each.step: each.extended_days for each in papers.deadlines if each.stage == stage},
        waits=tuple(Wait(each.wanted_at, each.ended_at) for each in papers.consents if each.stage == stage),
        consent=settings.procedures[case.procedure].consent.clock,
    )


def _clocks(case: Case, stages: list[CaseStage]) -> dict[str, datetime]:
    """The clocks that have started of the last of `stages`."""
    moments: dict[str, Any] = {}
    if stages:
        now = stages[-1]
        moments = {clock: getattr(now, f"{clock}_at") for clock in SETS.values()}
        if now.number == 1:
            moments |= {"received": case.received_at, "confirmed": case.confirmed_at}
        else:
            moments |= {"requested": now.began_at, "previous_responded": stages[-2].responded_at}
    return {clock: moment for clock, moment in moments.items() if moment is not None}


def _new_deadline(papers: Papers, due: Due) -> Deadline:
    assert papers.case.id is not None
    deadline = Deadline(
        case_id=papers.case.id,
        stage=due.stage,
        step=due.step,
        started_at=due.started_at,
        started_by=due.started_by,
        limit_days=due.limit_days,
        due_on=due.due_on,
        original_due_on=due.original_due_on,
        working=due.working,
    )
    papers.deadlines.append(deadline)
    return deadline


def _move(deadline: Deadline, due: Due) -> None:
    deadline.started_at, deadline.started_by = due.started_at, due.started_by
    deadline.limit_days, deadline.paused_days = due.limit_days, due.paused_days
    deadline.extended_days = due.extended_days
    deadline.due_on, deadline.original_due_on, deadline.working = due.due_on, due.original_due_on, due.working


def _state(due: Due, met_at: datetime | None) -> DeadlineState:
    if met_at is not None:
        return DeadlineState.MET
    return DeadlineState.PAUSED if due.paused else DeadlineState.OPEN


def _words(day: str) -> str:
    return in_words(date.fromisoformat(day))


def local_day(settings: Settings, moment: datetime) -> date:
    """The day in the council's zone on which `moment` falls."""
    calendar: Calendar = calendar_of(settings)
    return calendar.local_day(moment)
