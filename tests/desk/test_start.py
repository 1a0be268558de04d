"""What the desk and the command load when they start: nothing that they may never need."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from postroom.casework.bank_holidays import WRITTEN_DOWN, read
from tests.conftest import CONFIG

DESK = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from postroom.cli import app
from postroom.desk.app import create_app
from postroom.desk.serving import server_for
from postroom.models.database import check_version, open_engine
from postroom.models.settings import load_settings

engine = open_engine(sys.argv[2])
check_version(engine)
server_for(create_app(engine, load_settings(Path(sys.argv[1])), clock=lambda: datetime.now(UTC))).config.load()
print(json.dumps(list(sys.modules)))
"""
COMMAND = """
import json, sys
from typer.main import get_command
from postroom.cli import app

get_command(app)
print(json.dumps(list(sys.modules)))
"""
NEVER_AT_THE_DESK = {
    "aiosmtpd", "alembic", "apscheduler", "filetype", "httpx", "imapclient", "jwt", "numpy", "psycopg", "rich", "scipy",
    "sklearn", "skops", "spacy", "sqlalchemy.dialects.postgresql", "typst",
}  # fmt: skip
NOT_TO_SAY_WHAT_IT_CAN = NEVER_AT_THE_DESK | {"asyncio", "fastapi", "holidays", "jinja2", "pydantic", "sqlalchemy"}


def loaded(program: str, *arguments: str) -> set[str]:
    """The modules that a process has loaded which did `program`."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, check=True, env=dict(os.environ), timeout=300
    )
    return set(json.loads(done.stdout))


@pytest.fixture(scope="module")
def loaded_by_the_desk(sqlite_with_tables: Path) -> set[str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("POSTROOM_SECRET", "a secret that only the tests know")
        return loaded(DESK, str(CONFIG), f"sqlite:///{sqlite_with_tables}")


def test_the_desk_starts_without_what_other_parts_and_rare_pages_need(loaded_by_the_desk: set[str]) -> None:
    assert not loaded_by_the_desk & NEVER_AT_THE_DESK


def test_the_desk_starts_without_the_holidays_of_every_country(loaded_by_the_desk: set[str]) -> None:
    assert read("scotland", WRITTEN_DOWN) is not None, "make setup writes the bank holidays down"
    assert "holidays" not in loaded_by_the_desk


def test_the_command_says_what_it_can_without_loading_any_of_it() -> None:
    assert not loaded(COMMAND) & NOT_TO_SAY_WHAT_IT_CAN
