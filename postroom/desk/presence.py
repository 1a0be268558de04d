"""Who has which case open, so that two people don't answer the same message. Only a notice: nobody is kept out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete
from sqlmodel import Session, col, select

from postroom.models.database import open_session
from postroom.models.desk_work import CaseOpened
from postroom.models.officer import Officer

GONE_AFTER = timedelta(minutes=3)
"""A page says every minute that it is still open; one without scripts says it once."""
FORGOTTEN_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Other:
    """Somebody else who has a case open."""

    name: str
    since: datetime


def note_opened(engine: Engine, case_id: int, officer_id: int, now: datetime) -> None:
    """The case's page is shown to an officer now."""
    with open_session(engine) as session:
        row = session.get(CaseOpened, (case_id, officer_id))
        row = row or CaseOpened(case_id=case_id, officer_id=officer_id, opened_at=now, seen_at=now)
        row.opened_at = row.seen_at = now
        session.add(row)
        session.commit()


def note_still_open(engine: Engine, case_id: int, officer_id: int, now: datetime) -> None:
    """The officer still has a page of the case open, as one of its forms."""
    with open_session(engine) as session:
        row = session.get(CaseOpened, (case_id, officer_id))
        row = row or CaseOpened(case_id=case_id, officer_id=officer_id, opened_at=now, seen_at=now)
        row.seen_at = now
        session.add(row)
        session.commit()


def note_left(engine: Engine, case_id: int, officer_id: int, now: datetime) -> None:
    """The officer has left the page. When it was shown stays known until the case is confirmed."""
    with open_session(engine) as session:
        row = session.get(CaseOpened, (case_id, officer_id))
        if row is not None:
            row.seen_at = now - GONE_AFTER
            session.add(row)
        session.connection().execute(delete(CaseOpened).where(col(CaseOpened.seen_at) < now - FORGOTTEN_AFTER))
        session.commit()


def opened_at(session: Session, case_id: int, officer_id: int) -> datetime | None:
    """When the case's page was last shown to an officer."""
    row = session.get(CaseOpened, (case_id, officer_id))
    return row.opened_at if row else None


def others(session: Session, case_ids: Sequence[int], officer_id: int, now: datetime) -> dict[int, tuple[Other, ...]]:
    """Who else has each of these cases open."""
    query = (
        select(CaseOpened.case_id, Officer.name, CaseOpened.opened_at)
        .join(Officer, col(Officer.id) == CaseOpened.officer_id)
        .where(
            col(CaseOpened.case_id).in_(case_ids),
            CaseOpened.officer_id != officer_id,
            col(CaseOpened.seen_at) > now - GONE_AFTER,
        )
        .order_by(col(CaseOpened.opened_at))
    )
    found: dict[int, tuple[Other, ...]] = {}
    for case_id, name, since in session.exec(query):
        found[case_id] = (*found.get(case_id, ()), Other(name, since))
    return found
