"""Bringing a database's tables to the newest version, by alembic. Nothing that only reads and writes rows loads it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine


def migrations(url: str) -> Config:
    """What alembic needs to know of our migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest version; creates them in an empty database."""
    config = migrations(str(engine.url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
