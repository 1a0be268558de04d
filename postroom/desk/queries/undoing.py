"""Until when an officer can surely undo a confirmation of theirs: while its letter waits."""

from datetime import datetime

from sqlmodel import Session, col, select

from postroom.casework.reading import officer
from postroom.models.case import Case, CaseStatus, Event
from postroom.models.settings import Settings
from postroom.notifications.undo_window import held_until


def undo_until(session: Session, reference: str, officer_id: int, settings: Settings, now: datetime) -> datetime | None:
    """When the letter about a case may go out that this officer confirmed, and no officer changed since; None where
    that moment has passed."""
    case = session.exec(select(Case).where(Case.reference == reference)).first()
    if case is None or case.status != CaseStatus.OPEN or case.confirmed_at is None:
        return None
    until = held_until(case.confirmed_at, settings)
    if until <= now:
        return None
    by_officers = select(Event).where(Event.case_id == case.id, col(Event.actor).startswith(officer(0)[:-1]))
    last = session.exec(by_officers.order_by(col(Event.number).desc()).limit(1)).first()
    return until if last and (last.kind, last.actor) == ("confirmed", officer(officer_id)) else None
