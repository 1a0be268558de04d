"""What every command begins and ends with: the configuration, the database, failures in words."""

import gc
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

from postroom import processes
from postroom.models.failures import ConfigurationError, PostroomError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

    from postroom.models.settings import Settings

DEFAULT_CONFIG = Path("config.yaml")
Config = Annotated[Path, typer.Option("--config", envvar="POSTROOM_CONFIG", help="The council's configuration.")]

P = ParamSpec("P")
R = TypeVar("R")


def in_words(command: Callable[P, R]) -> Callable[P, R]:
    """A failure that Postroom foresaw becomes a line that says what to do, and exit status 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except PostroomError as error:
            say_wrong(f"postroom: {error}")
            raise typer.Exit(1) from None

    return run


def say_wrong(line: str) -> None:
    """Print a line to standard error, in red."""
    typer.secho(line, fg=typer.colors.RED, err=True)


def settings_of(config: Path) -> "Settings":
    """The settings of a configuration. Raises `ConfigurationError`."""
    from postroom.models.settings import load_settings

    return load_settings(config)


def opened(config: Path) -> "tuple[Settings, Engine]":
    """The settings, and the database at the newest version."""
    from postroom.models.database import check_version, open_engine

    settings = settings_of(config)
    engine = open_engine(settings.database_url)
    check_version(engine)
    return settings, engine


def session_of(engine: "Engine", *, read_only: bool = False) -> "Session":
    """A session, as `open_session` gives it."""
    from postroom.models.database import open_session

    return open_session(engine, read_only=read_only)


def now() -> datetime:
    """This moment, aware UTC."""
    return processes.utc_now()


def print_json(value: Any) -> None:
    """Print one JSON line, at once: who reads it may wait for it."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@contextmanager
def lines_of(file: str) -> Iterator[Iterator[str]]:
    """The lines of a file, or of standard input for "-". Raises `ConfigurationError` where it can't be read."""
    if file == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        yield iter(sys.stdin)
        return
    try:
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            yield iter(lines)
    except OSError as error:
        raise ConfigurationError([f"{file}: can't be read: {error.strerror}"]) from None


def until_stopped(running: AbstractContextManager[None], greeting: str) -> None:
    """Hold `running` open until somebody presses Ctrl-C or the process is told to end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with running:
        gc.freeze()  # what is there now stays: no later collection looks at it again, in the midst of somebody's page
        typer.echo(f"{greeting} Ctrl-C stops.")
        stop.wait()
        typer.echo("Stopping.")
