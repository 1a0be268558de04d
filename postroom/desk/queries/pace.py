"""How long officers take to confirm a message, from when its page was shown to them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import Engine, select
from sqlmodel import Session, col

from postroom.models.case import Decision
from postroom.models.database import open_session

DAYS = 30
NEWEST = 500
AWAY = timedelta(minutes=30)
"""Who took longer had left the page open."""


@dataclass(frozen=True)
class Pace:
    """The median seconds of an officer and of all, over `DAYS` days; None where nothing was timed."""

    own: float | None
    all: float | None


def pace(engine: Engine, officer_id: int, now: datetime) -> Pace:
    """The pace of the last days."""
    with open_session(engine, read_only=True) as session:
        return Pace(_median(session, now, col(Decision.officer_id) == officer_id), _median(session, now))


def _median(session: Session, now: datetime, *conditions: object) -> float | None:
    query = (
        select(col(Decision.shown_at), col(Decision.decided_at))
        .where(
            col(Decision.shown_at).is_not(None),
            col(Decision.decided_at) > now - timedelta(days=DAYS),
            *conditions,  # type: ignore[arg-type]
        )
        .order_by(col(Decision.decided_at).desc())
        .limit(NEWEST)
    )
    taken = [decided - shown for shown, decided in session.execute(query)]
    seconds = [each.total_seconds() for each in taken if timedelta() <= each <= AWAY]
    return median(seconds) if seconds else None
