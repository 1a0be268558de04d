"""Correcting a date of a case: rare, by few, with a reason, and the history shows what it was."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, select

from postroom.casework.deadlines import correct_deadlines, local_day, set_window
from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.papers import Papers
from postroom.casework.procedures import stage_named
from postroom.casework.reading import check_move, find_case, officer, stages_of
from postroom.casework.working_days import in_words
from postroom.models.case import Case
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import CaseClosing
from postroom.models.procedure_settings import SETS
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage, StageRequest

DateName = Literal["received", "acknowledged", "responded", "closed"]
"""The dates that stand on the case."""
StageDate = Literal["requested", "statement_agreed", "adjudicated", "panel_met", "panel_reported"]
"""The dates that stand on one of its stages alone."""


@dataclass(frozen=True)
class KnownDate:
    """A date of a case that can be corrected. `stage_number` is 0 for those of the case as a whole."""

    which: DateName | StageDate
    stage_number: int
    moment: datetime


def correct_date(
    session: Session,
    case_id: int,
    which: DateName | StageDate,
    moment: datetime,
    *,
    reason: str,
    officer_id: int,
    settings: Settings,
    now: datetime,
    stage_number: int = 0,
    role: str = "",
) -> Case:
    """Correct when a case was received or closed, or when something was done in its present stage or in the one named.
    The officer's role must be one of `casework.dates_corrected_by`. The deadlines that count from it move, also those
    already met."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.CORRECT_DATE, settings=settings, officer_id=officer_id, role=role)
    if not reason.strip():
        raise ImpossibleMove("Say why the date is corrected.")
    at_stage = 0 if which in ("received", "closed") else stage_number or case.stage_number
    known = list(dates_of(session, case))
    before = next((each for each in known if (each.which, each.stage_number) == (which, at_stage)), None)
    if before is None:
        raise ImpossibleMove(f"{case.reference} was not {which.replace('_', ' ')} yet.")
    _check_order(known, before, moment, settings, now)
    _set(papers, before, moment, settings)
    moved = correct_deadlines(papers, settings)
    for stage in papers.stages:
        if stage.responded_at is not None:
            set_window(papers, stage, settings)
    days = [in_words(local_day(settings, each)) for each in (before.moment, moment)]
    record(
        session,
        case,
        kind="date corrected",
        summary=f"{which.replace('_', ' ').capitalize()} corrected from {days[0]} to {days[1]}{moved.words}",
        actor=officer(officer_id),
        now=now,
        before={f"{which}_at": before.moment.isoformat(), "deadlines": moved.before},
        after={f"{which}_at": moment.isoformat(), "stage_number": at_stage, "deadlines": moved.after},
        words=reason.strip(),
    )
    return case


def dates_of(session: Session, case: Case) -> Iterator[KnownDate]:
    """The dates of a case that can be corrected, in the order in which they must stand within each stage."""
    yield KnownDate("received", 0, case.received_at)
    for stage in stages_of(session, case):
        if stage.number > 1:
            yield KnownDate("requested", stage.number, stage.began_at)
        for clock in SETS.values():
            moment = getattr(stage, f"{clock}_at")
            adjudicated_by_answer = clock == "adjudicated" and moment == stage.responded_at
            if moment is not None and not adjudicated_by_answer:
                yield KnownDate(clock, stage.number, moment)  # type: ignore[arg-type]  # a clock that a step sets
    if case.closed_at is not None:
        yield KnownDate("closed", 0, case.closed_at)


_FIRST, _LAST = ("received", "requested"), ("responded",)
_PANEL = ("panel_met", "panel_reported")


def _check_order(
    known: list[KnownDate], changed: KnownDate, moment: datetime, settings: Settings, now: datetime
) -> None:
    """Nothing is done before its stage began, after it was answered, or in the future; stages follow each other."""
    if moment > now:
        raise ImpossibleMove("A date can't be in the future.")
    place = known.index(changed)
    for other in known[:place]:
        if _in_order(other, changed) and not _together(other, changed) and moment < other.moment:
            raise ImpossibleMove(f"It can't be before {_said(other, settings)}.")
    for other in known[place + 1 :]:
        if _in_order(changed, other) and moment > other.moment:
            raise ImpossibleMove(f"It can't be after {_said(other, settings)}.")


def _in_order(earlier: KnownDate, later: KnownDate) -> bool:
    """Whether one must come before the other. Within a stage, steps but the answer and a panel's stand in no order."""
    ends = earlier.which in (*_FIRST, *_LAST) or later.which in (*_FIRST, *_LAST, "closed")
    return ends or (earlier.which, later.which) == _PANEL


def _together(acknowledged: KnownDate, responded: KnownDate) -> bool:
    """Whether the response was the acknowledgement too, so that both have one date."""
    return (acknowledged.which, responded.which) == ("acknowledged", "responded") and (
        acknowledged.moment == responded.moment
    )


def _said(date: KnownDate, settings: Settings) -> str:
    words = "the stage was requested" if date.which == "requested" else f"it was {date.which.replace('_', ' ')}"
    if date.which in _PANEL:
        words = f"the {date.which.replace('_', ' ')}"
    return f"{words} on {in_words(local_day(settings, date.moment))}"


def _set(papers: Papers, date: KnownDate, moment: datetime, settings: Settings) -> None:
    session, case, stages = papers.session, papers.case, papers.stages
    if date.which in ("received", "closed"):
        setattr(case, f"{date.which}_at", moment)
        if date.which == "closed":
            closing = session.get(CaseClosing, case.id)
            if closing is not None:
                closing.closed_at = moment
        elif stages:
            stages[0].began_at = moment
        return
    stage = stages[date.stage_number - 1]
    if date.which == "requested":
        stage.began_at = moment
        _set_request(session, case, stages, date.stage_number, moment, settings)
        return
    if date.which == "responded" and stage.acknowledged_at == date.moment:
        _set(papers, replace(date, which="acknowledged"), moment, settings)
    setattr(stage, f"{date.which}_at", moment)
    if stage is stages[-1] and date.which in ("acknowledged", "responded"):
        setattr(case, f"{date.which}_at", moment)
    if date.which == "responded" and stage_named(settings, case.procedure, stage.stage).answer == "adjudicate":
        stage.adjudicated_at = moment


def _set_request(
    session: Session, case: Case, stages: list[CaseStage], number: int, moment: datetime, settings: Settings
) -> None:
    """The accepted request that began a stage has its date too, and may have been late by it."""
    query = select(StageRequest).where(
        StageRequest.case_id == case.id,
        StageRequest.stage == stages[number - 1].stage,
        col(StageRequest.accepted).is_(True),
    )
    ends = stages[number - 2].window_ends_on
    for request in session.exec(query):
        request.requested_at = moment
        request.late = ends is not None and local_day(settings, moment) > ends
        session.add(request)
