"""Column types and small things that every table shares."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.model_config["defer_build"] = True
"""Rows are not validated: what pydantic would need for that is made for those few that are dumped, when they are."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment. SQLite keeps no zone, so it is taken off on the way in and put on again on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone can't be stored; pass an aware datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def moment(**options: Any) -> Any:
    """A required UTC moment column."""
    return Field(sa_type=UtcDateTime, **options)


def maybe_moment(**options: Any) -> Any:
    """A UTC moment column that may be empty."""
    return Field(default=None, sa_type=UtcDateTime, **options)


def json_column(**options: Any) -> Any:
    """A column that holds a JSON value."""
    return Field(sa_type=JSON, **options)


def bytes_column(**options: Any) -> Any:
    """A column that holds bytes as they are."""
    return Field(sa_type=LargeBinary, **options)
