"""Walking over what is owed, one row after another, without a session open between them."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, bindparam
from sqlmodel import Session, select

from postroom.models.case import Case
from postroom.models.database import open_session

_LOCKED = (
    select(Case).where(Case.id == bindparam("case_id")).with_for_update().execution_options(populate_existing=True)
)


def one_by_one(engine: Engine, query: Any, **values: Any) -> Iterator[int]:
    """The ids that `query` finds, each the first after the one before (its parameter `after`), and read once the work
    on that is committed. `values`: its other parameters."""
    found: int | None = 0
    while found is not None:
        with open_session(engine, read_only=True) as session:
            found = session.exec(query, params={**values, "after": found}).first()
        if found is not None:
            yield found


def locked(session: Session, case_id: int) -> Case:
    """The case, which nobody can change until this transaction ends, as it is now."""
    return session.exec(_LOCKED, params={"case_id": case_id}).one()
