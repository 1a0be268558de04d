"""Run by alembic: applies the migrations over the connection that it is given."""

from typing import Any, Literal

from alembic import context
from sqlmodel import AutoString

from postroom.models import tables
from postroom.models.columns import UtcDateTime


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Our column types as plain SQLAlchemy ones, so that an old migration does not follow our code's changes."""
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_as_batch=True,
    render_item=render_item,
    include_name=tables.compared,
)
with context.begin_transaction():
    context.run_migrations()
