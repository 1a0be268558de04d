"""Counting open deadlines anew when the calendar of working days changed, as by a bank holiday announced late."""

import logging
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from postroom.casework.deadlines import set_deadlines
from postroom.casework.history import ChangedMeanwhile, record
from postroom.casework.reading import find_case
from postroom.casework.working_days import calendar_of
from postroom.models.calendar import CalendarUsed
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.settings import Settings

log = logging.getLogger(__name__)


def recount(engine: Engine, settings: Settings, now: datetime) -> int:
    """Count the open deadlines anew where the calendar is another than the one they were counted by; returns how many
    moved. Each case that changes has an event with its dates before and after. Cheap where nothing changed; killed on
    its way or run twice at once, it moves nothing twice."""
    calendar = calendar_of(settings)
    warning = calendar.horizon_warning(calendar.local_day(now))
    if warning:
        log.warning("%s", warning)
    with open_session(engine, read_only=True) as session:
        used = session.exec(select(CalendarUsed.digest).order_by(col(CalendarUsed.id).desc()).limit(1)).first()
    if used == calendar.digest:
        return 0
    moved = _recount_all(engine, settings, now) if used is not None else 0
    with open_session(engine) as session:
        session.add(CalendarUsed(digest=calendar.digest, used_at=now, moved=moved))
        session.commit()
    if moved:
        log.warning("The calendar of working days changed: %s deadlines moved.", moved)
    return moved


def _recount_all(engine: Engine, settings: Settings, now: datetime) -> int:
    moved, after = 0, 0
    while True:
        with open_session(engine, read_only=True) as session:
            query = select(Case.id).where(Case.status == CaseStatus.OPEN, col(Case.id) > after)
            case_id = session.exec(query.order_by(col(Case.id)).limit(1)).first()
        if case_id is None:
            return moved
        moved += _recount_one(engine, settings, case_id, now)
        after = case_id


def _recount_one(engine: Engine, settings: Settings, case_id: int, now: datetime) -> int:
    while True:
        try:
            with open_session(engine) as session:
                moved = _recount_case(session, find_case(session, case_id), settings, now)
                session.commit()
                return moved
        except ChangedMeanwhile:
            continue
        except ImpossibleMove as error:  # its procedure is gone from the configuration; the others must not wait
            log.error("case %s: its deadlines can't be counted anew: %s", case_id, error)
            return 0


def _recount_case(session: Session, case: Case, settings: Settings, now: datetime) -> int:
    if case.status != CaseStatus.OPEN:
        return 0
    dates = set_deadlines(session, case, settings)
    changed = {step for step, due in dates.after.items() if dates.before.get(step, due) != due}
    if not changed:
        return 0
    record(
        session,
        case,
        kind="deadlines moved",
        summary=f"The calendar of working days changed{dates.words}",
        actor="calendar",
        now=now,
        before={"deadlines": dates.before},
        after={"deadlines": dates.after},
    )
    return len(changed)
