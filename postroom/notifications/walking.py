"""Walking over what is owed, one row after another, without a session open between them."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, select

from postroom.models.case import Case
from postroom.models.database import open_session


def one_by_one(engine: Engine, query: Callable[[int], Any]) -> Iterator[int]:
    """The ids that `query(after)` finds, each the first after the one before, and read once the work on that is
    committed."""
    found: int | None = 0
    while found is not None:
        with open_session(engine, read_only=True) as session:
            found = session.exec(query(found)).first()
        if found is not None:
            yield found


def locked(session: Session, case_id: int) -> Case:
    """The case, which nobody can change until this transaction ends, as it is now."""
    query = select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
    return session.exec(query).one()
