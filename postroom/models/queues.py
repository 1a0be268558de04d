"""Claiming rows of work. A claim is a conditional UPDATE: of two workers, one sees a row count of 1.

A claimed row is invisible until its lease ends; a worker that died leaves nothing behind that must be swept, since
the lease is the row's own `not_before`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Engine, bindparam, select, update
from sqlmodel import SQLModel

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
    values: Mapping[str, object] | None = None,
) -> Any | None:
    """Claim the oldest due row of `table` (with `state`, `not_before`, `attempts`) and return its key, or None. Rows
    for which `only` does not hold are passed over; `values` are those of its parameters.

    The claim is committed before this returns: it counts the attempt and hides the row until `now + lease`
    (`settings.workers.lease`).
    """
    return next(iter(claim_some(engine, table, waiting, now, lease, most=1, only=only, values=values)), None)


def claim_some(
    engine: Engine,
    table: type[SQLModel],
    waiting: str,
    now: datetime,
    lease: timedelta,
    *,
    most: int,
    only: ColumnElement[bool] | None = None,
    values: Mapping[str, object] | None = None,
) -> list[Any]:
    """Claim up to `most` rows, as `claim` does, and return their keys, the oldest first.

    Only rows that were never tried share a claim. One that was tried and is still waiting is claimed alone: it may be
    what killed its worker, and the others must not be counted down with it.
    """
    due, take = _statements(table)
    if only is not None:
        due = due.where(only)
    while True:
        with open_session(engine, read_only=True) as session:
            wanted = {**(values or {}), "waiting": waiting, "now": now, "most": most}
            found = session.connection().execute(due, wanted).all()
        if not found:
            return []
        alone = found[0][1] > 0
        keys = [found[0][0]] if alone else [row_key for row_key, tried in found if tried == 0]
        with open_session(engine) as session:
            wanted = {"waiting": waiting, "now": now, "keys": keys, "until": now + lease}
            claimed = set(session.connection().execute(take, wanted).scalars())
            session.commit()
        if claimed:
            return [row_key for row_key in keys if row_key in claimed]


@cache
def _statements(table: type[SQLModel]) -> tuple[Any, Any]:
    """What finds the rows that are due, and what takes some; made once, for they are asked all day."""
    rows: Any = table.__table__  # type: ignore[attr-defined]
    key, state, not_before = next(iter(rows.primary_key.columns)), rows.c.state, rows.c.not_before
    is_due = (state == bindparam("waiting"), not_before <= bindparam("now"))
    due = select(key, rows.c.attempts).where(*is_due).order_by(not_before, key).limit(bindparam("most"))
    take = (
        update(rows)
        .where(key.in_(bindparam("keys", expanding=True)), *is_due)
        .values(not_before=bindparam("until"), attempts=rows.c.attempts + 1)
        .returning(key)
    )
    return due, take
