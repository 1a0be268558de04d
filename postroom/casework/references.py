"""Case references such as AR-2026-000123."""

from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col

from postroom.models.case import ReferenceCounter
from postroom.models.inserting import insert_into


def next_references(session: Session, prefix: str, year: int, count: int) -> list[str]:
    """The next `count` free references of `year`. The counter's row is locked until the caller commits, so none is
    given twice; a transaction rolled back may leave a gap."""
    connection = session.connection()
    last = connection.execute(_counting(connection.dialect.name), {"year": year, "count": count}).scalar_one()
    return [f"{prefix}-{year}-{number:06d}" for number in range(last - count + 1, last + 1)]


@cache
def _counting(dialect: str) -> Any:
    return (
        insert_into(ReferenceCounter, dialect)
        .values(last=bindparam("count"))
        .on_conflict_do_update(
            index_elements=[col(ReferenceCounter.year)], set_={"last": ReferenceCounter.last + bindparam("count")}
        )
        .returning(col(ReferenceCounter.last))
    )
