"""When a day is over in the council's zone, for queries: `Calendar.end_of` where the database counts.

PostgreSQL knows the zones itself. SQLite does not, and asks the calendar: once for a day, whatever the number of rows.
"""

from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, DateTime, cast, func
from sqlmodel import Session

from postroom.casework.working_days import Calendar
from postroom.models.columns import UtcDateTime

_STORED = "%Y-%m-%d %H:%M:%S.%f"
"""How SQLAlchemy writes a moment into SQLite."""


def day_end(session: Session, calendar: Calendar, day: Any) -> ColumnElement[datetime]:
    """`calendar.end_of(day)` in a query that `session` runs; nothing where `day` is nothing."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        return func.timezone(calendar.zone.key, cast(day + 1, DateTime), type_=UtcDateTime)
    driver: Any = connection.connection.driver_connection
    if "day_end" not in connection.info:  # SQLite takes none while rows of the connection are being read
        driver.create_function("day_end", 2, _in_sqlite, deterministic=True)
        connection.info["day_end"] = True
    return func.day_end(day, calendar.zone.key, type_=UtcDateTime)


@cache
def _in_sqlite(day: str | None, zone: str) -> str | None:
    return None if day is None else Calendar(ZoneInfo(zone)).end_of(date.fromisoformat(day)).strftime(_STORED)
