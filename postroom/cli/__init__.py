"""The `postroom` command. Each sub-command is a few lines that call one room, which it loads itself: what the command
can do is said at once."""

import logging
import sys
from typing import Annotated

import typer

from postroom.cli import daemons, people, records, suggesting

__all__ = ["app"]

app = typer.Typer(
    name="postroom",
    help="Takes in a council's feedback, sorts it, and keeps its deadlines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for room in (people, daemons, records, suggesting):
    app.add_typer(room.app)


@app.callback()
def main(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log more.")] = False,
) -> None:
    """Take in a council's feedback, sort it, and keep its deadlines."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for chatty in ("apscheduler", "uvicorn", "mail.log", "imapclient", "httpx", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
