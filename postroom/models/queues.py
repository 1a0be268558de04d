"""Claiming rows of work. A claim is a conditional UPDATE: of two workers, one sees a row count of 1.

A claimed row is invisible until its lease ends; a worker that died leaves nothing behind that must be swept, since
the lease is the row's own `not_before`.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, true, update
from sqlmodel import SQLModel, col, select

from postroom.models.database import open_session

PAUSES = [timedelta(seconds=s) for s in (10, 60, 300, 900, 3600)]


def pause_after(attempts: int) -> timedelta:
    """How long to leave a row alone after its attempt number `attempts` (from 1) failed."""
    return PAUSES[min(attempts, len(PAUSES)) - 1]


def claim(
    engine: Engine,
    table: type[SQLModel],
    waiting: str,
    now: datetime,
    lease: timedelta,
    *,
    only: ColumnElement[bool] | None = None,
) -> Any | None:
    """Claim the oldest due row of `table` (with `state`, `not_before`, `attempts`) and return its key, or None. Rows
    for which `only` does not hold are passed over.

    The claim is committed before this returns: it counts the attempt and hides the row until `now + lease`
    (`settings.workers.lease`).
    """
    return next(iter(claim_some(engine, table, waiting, now, lease, most=1, only=only)), None)


def claim_some(
    engine: Engine,
    table: type[SQLModel],
    waiting: str,
    now: datetime,
    lease: timedelta,
    *,
    most: int,
    only: ColumnElement[bool] | None = None,
) -> list[Any]:
    """Claim up to `most` rows, as `claim` does, and return their keys, the oldest first.

    Only rows that were never tried share a claim. One that was tried and is still waiting is claimed alone: it may be
    what killed its worker, and the others must not be counted down with it.
    """
    key = next(iter(table.__table__.primary_key.columns))  # type: ignore[attr-defined]
    state, not_before, attempts = (col(getattr(table, n)) for n in ("state", "not_before", "attempts"))
    while True:
        with open_session(engine, read_only=True) as session:
            due = select(key, attempts).where(state == waiting, not_before <= now, true() if only is None else only)
            due = due.order_by(not_before, key)
            found = session.connection().execute(due.limit(most)).all()
        if not found:
            return []
        alone = found[0][1] > 0
        keys = [found[0][0]] if alone else [row_key for row_key, tried in found if tried == 0]
        with open_session(engine) as session:
            taken = session.connection().execute(
                update(table)
                .where(key.in_(keys), state == waiting, not_before <= now)
                .values(not_before=now + lease, attempts=attempts + 1)
                .returning(key)
            )
            claimed = set(taken.scalars())
            session.commit()
        if claimed:
            return [row_key for row_key in keys if row_key in claimed]
