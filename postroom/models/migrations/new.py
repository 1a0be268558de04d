"""Writes a migration from the difference between the tables in code and those of the last migration.

python -m postroom.models.migrations.new "Add a column for the person's role"
"""

import sys
import tempfile
from pathlib import Path

from alembic import command

from postroom.models.database import open_engine
from postroom.models.upgrading import migrations, upgrade


def main(title: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/empty.db")
        config = migrations("")
        versions = Path(config.get_main_option("script_location") or "") / "versions"
        if any(versions.glob("*.py")):
            upgrade(engine)
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.revision(config, title, autogenerate=True, rev_id=f"{len(list(versions.glob('*.py'))) + 1:04}")
        engine.dispose()


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
