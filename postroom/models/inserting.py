"""Inserting what may be there already: one statement that looks and writes, in the words of the database in use."""

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from sqlalchemy.dialects.sqlite import Insert


def insert_into(table: Any, dialect: str) -> "Insert":
    """An insertion into `table` that may be told what to do on a conflict. `dialect` is the database's name in
    SQLAlchemy: sqlite or postgresql. Only that one's words are loaded: those of PostgreSQL take a while."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return cast("Insert", postgresql.insert(table))  # it takes the same conflicts
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
