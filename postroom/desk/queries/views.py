"""The views that officers saved."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from sqlalchemy import Engine
from sqlmodel import col, func, select

from postroom.desk.filters import Filters
from postroom.models.database import open_session
from postroom.models.desk_work import SavedView
from postroom.models.failures import ImpossibleMove

MOST = 20
LONGEST_NAME = 40


@dataclass(frozen=True)
class View:
    id: int
    name: str
    path: str
    filters: Filters


def views_of(engine: Engine, officer_id: int, path: str) -> list[View]:
    """An officer's views of one list, by name."""
    query = select(SavedView).where(SavedView.officer_id == officer_id, SavedView.path == path)
    with open_session(engine, read_only=True) as session:
        rows = session.exec(query.order_by(func.lower(SavedView.name))).all()
    return [View(row.id or 0, row.name, row.path, Filters.of(dict(parse_qsl(row.query)))) for row in rows]


def save_view(engine: Engine, officer_id: int, name: str, path: str, filters: Filters, now: datetime) -> None:
    """Keep a view; one of the same name gives way. Raises `ImpossibleMove`."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise ImpossibleMove(f"Give the view a name of up to {LONGEST_NAME} letters.")
    if not filters.set:
        raise ImpossibleMove("Set a filter first: a view is a list with filters.")
    own = select(SavedView).where(SavedView.officer_id == officer_id)
    with open_session(engine) as session:
        view = session.exec(own.where(SavedView.name == name)).first()
        if view is None and len(session.exec(own).all()) >= MOST:
            raise ImpossibleMove(f"You have {MOST} views already. Remove one first.")
        view = view or SavedView(officer_id=officer_id, name=name, path=path, query="", made_at=now)
        view.path, view.query, view.made_at = path, filters.query, now
        session.add(view)
        session.commit()


def remove_view(engine: Engine, officer_id: int, view_id: int) -> bool:
    """Forget a view. False where the officer has none of that number."""
    with open_session(engine) as session:
        query = select(SavedView).where(col(SavedView.id) == view_id, SavedView.officer_id == officer_id)
        view = session.exec(query).first()
        if view is None:
            return False
        session.delete(view)
        session.commit()
    return True
