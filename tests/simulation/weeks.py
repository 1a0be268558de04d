"""The weeks that the tests live through. `python -m tests.simulation.weeks URL` does so in a process of its own, into
an empty database, and prints the digest of what came of them."""

import hashlib
import sys
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from postroom.models.database import open_engine
from postroom.models.settings import load_settings
from postroom.models.tables import metadata
from postroom.simulation.rates import Rates
from postroom.simulation.running import Plan, simulate

CONFIG = Path(__file__).parent.parent.parent / "config.yaml"
WEEKS = Plan(date(2025, 9, 1), date(2025, 10, 4), cases=20, seed=1)
EVENTFUL = Rates(
    next_stage=0.5,
    extended=0.4,
    consent_wanted=0.3,
    withdrawn=0.2,
    same_again=0.08,
    first_label_wrong=0.15,
    on_paper=0.02,
    restricted=0.05,
    reopened=0.1,
)
"""Rates at which few cases meet much."""

RANDOM = {
    "event": {"hash", "previous_hash"},
    "event_words": {"salt"},
    "outgoing_mail": {"message_id", "envelope_sender", "content"},
}
"""Columns with salts and tokens, or with what follows from them. What a mail says is in its `text_digest`."""
RANDOM_FACTS = {"words", "message_id"}
"""The same in what an event tells."""


def everything(engine: Engine) -> str:
    """A digest of all rows of all tables, without what is random."""
    digest = hashlib.sha256()
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.columns if column.name not in RANDOM.get(table.name, ())]
            for row in connection.execute(table.select().with_only_columns(*columns).order_by(*table.primary_key)):
                digest.update(repr([_steady(value) for value in row]).encode())
    return digest.hexdigest()


def _steady(value: Any) -> Any:
    return {k: v for k, v in value.items() if k not in RANDOM_FACTS} if isinstance(value, dict) else value


def live(engine: Engine) -> None:
    """Let the model council live through the weeks."""
    simulate(engine, load_settings(CONFIG), WEEKS, rates=EVENTFUL)


def main(database_url: str) -> None:
    engine = open_engine(database_url)
    live(engine)
    sys.stdout.write(everything(engine))


if __name__ == "__main__":
    main(sys.argv[1])
