"""Counting open deadlines anew when the calendar of working days changed, as by a bank holiday announced late."""

import logging
from datetime import date, datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, or_, select

from postroom.casework.deadlines import Moved, set_deadlines, set_window
from postroom.casework.history import ChangedMeanwhile, record
from postroom.casework.papers import Papers
from postroom.casework.reading import find_case
from postroom.casework.working_days import calendar_of, in_words
from postroom.models.calendar import CalendarUsed
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage

log = logging.getLogger(__name__)


def recount(engine: Engine, settings: Settings, now: datetime) -> int:
    """Count anew what is still to come where the calendar is another than the one that it was counted by: open
    deadlines, and the days up to which a next stage can be asked for. Returns how many moved. Each case that changes
    has an event with its dates before and after. Cheap where nothing changed; killed on its way or run twice at once,
    it moves nothing twice."""
    calendar = calendar_of(settings)
    today = calendar.local_day(now)
    warning = calendar.horizon_warning(today)
    if warning:
        log.warning("%s", warning)
    with open_session(engine, read_only=True) as session:
        used = session.exec(select(CalendarUsed.digest).order_by(col(CalendarUsed.id).desc()).limit(1)).first()
    if used == calendar.digest:
        return 0
    moved = _recount_all(engine, settings, today, now) if used is not None else 0
    with open_session(engine) as session:
        session.add(CalendarUsed(digest=calendar.digest, used_at=now, moved=moved))
        session.commit()
    if moved:
        log.warning("The calendar of working days changed: %s dates moved.", moved)
    return moved


def _recount_all(engine: Engine, settings: Settings, today: date, now: datetime) -> int:
    windows = select(CaseStage.case_id).where(col(CaseStage.window_ends_on) >= today)
    concerned = or_(Case.status == CaseStatus.OPEN, col(Case.id).in_(windows))
    moved, after = 0, 0
    while True:
        with open_session(engine, read_only=True) as session:
            query = select(Case.id).where(concerned, col(Case.id) > after)
            case_id = session.exec(query.order_by(col(Case.id)).limit(1)).first()
        if case_id is None:
            return moved
        moved += _recount_one(engine, settings, case_id, today, now)
        after = case_id


def _recount_one(engine: Engine, settings: Settings, case_id: int, today: date, now: datetime) -> int:
    while True:
        try:
            with open_session(engine) as session:
                moved = _recount_case(session, find_case(session, case_id), settings, today, now)
                session.commit()
                return moved
        except ChangedMeanwhile:
            continue
        except ImpossibleMove as error:  # its procedure is gone from the configuration; the others must not wait
            log.error("case %s: its deadlines can't be counted anew: %s", case_id, error)
            return 0


def _recount_case(session: Session, case: Case, settings: Settings, today: date, now: datetime) -> int:
    papers = Papers(session, case)
    dates = set_deadlines(papers, settings) if case.status == CaseStatus.OPEN else Moved()
    changed = {step for step, due in dates.after.items() if dates.before.get(step, due) != due}
    window = _recount_window(papers, settings, today)
    if not changed and not window:
        return 0
    record(
        session,
        case,
        kind="deadlines moved",
        summary=f"The calendar of working days changed{dates.words}{window}",
        actor="calendar",
        now=now,
        before={"deadlines": dates.before},
        after={"deadlines": dates.after},
    )
    return len(changed) + bool(window)


def _recount_window(papers: Papers, settings: Settings, today: date) -> str:
    """Move the last day to ask for the next stage where that is not over; returns it in words, empty where it stays."""
    stages = papers.stages
    before = stages[-1].window_ends_on if stages else None
    if before is None or before < today:
        return ""
    set_window(papers, stages[-1], settings)
    after = stages[-1].window_ends_on
    if after is None or after == before:
        return ""
    return f"; the next stage can be asked for until {in_words(after)}, not {in_words(before)}"
