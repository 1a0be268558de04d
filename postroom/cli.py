"""The `postroom` command. Each sub-command is a few lines that call one room."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Engine

from postroom import processes
from postroom.models.database import check_version, open_engine, open_session, upgrade
from postroom.models.failures import ConfigurationError, PostroomError
from postroom.models.officer import Role
from postroom.models.settings import Settings, load_settings

app = typer.Typer(
    name="postroom",
    help="Takes in a council's feedback, sorts it, and keeps its deadlines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="The models that suggest.", no_args_is_help=True)
app.add_typer(models_app, name="models")
embeddings_app = typer.Typer(help="Sentence embeddings, an optional extra of the models.", no_args_is_help=True)
app.add_typer(embeddings_app, name="embeddings")
errors = Console(stderr=True, highlight=False, soft_wrap=True)

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
            errors.print(f"postroom: {error}", style="red", markup=False)
            raise typer.Exit(1) from None

    return run


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
    for chatty in ("apscheduler", "uvicorn", "mail.log", "imapclient", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _opened(config: Path) -> tuple[Settings, Engine]:
    """The settings, and the database at the newest version."""
    settings = load_settings(config)
    engine = open_engine(settings.database_url)
    check_version(engine)
    return settings, engine


@app.command("check-config")
@in_words
def check_config(config: Config = DEFAULT_CONFIG) -> None:
    """Say what is wrong with the configuration, or that nothing is."""
    from postroom.checks import problems

    settings = load_settings(config)
    found = problems(settings)
    if found:
        raise ConfigurationError([f"{config}: {problem}" for problem in found])
    typer.echo(f"{config}: {settings.council.name}, {len(settings.teams)} teams: nothing wrong.")


@app.command()
@in_words
def init(
    email: Annotated[str, typer.Option(help="The first administrator's address.", prompt=True)],
    name: Annotated[str, typer.Option(help="The first administrator's name.", prompt=True)],
    password: Annotated[
        str,
        typer.Option(
            help="At least 12 characters.", envvar="POSTROOM_PASSWORD", prompt=True, hide_input=True, show_envvar=True
        ),
    ],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Create the database, or bring it to the newest version, and the first administrator."""
    from postroom.desk.officers import add_officer, has_administrator

    settings = load_settings(config)
    engine = open_engine(settings.database_url)
    upgrade(engine)
    typer.echo("The database is ready.")
    with open_session(engine) as session:
        if has_administrator(session):
            typer.echo("There is an administrator already; none was added.")
            return
        add_officer(session, settings, email=email, name=name, role=Role.ADMINISTRATOR, password=password, now=_now())
        session.commit()
    typer.echo(f"{email} can sign in to the desk as its administrator.")


@app.command("add-officer")
@in_words
def add_officer_command(
    email: Annotated[str, typer.Option(prompt=True)],
    name: Annotated[str, typer.Option(prompt=True)],
    role: Annotated[Role, typer.Option(help="What they may do.", prompt=True)],
    password: Annotated[
        str, typer.Option(help="At least 12 characters.", envvar="POSTROOM_PASSWORD", prompt=True, hide_input=True)
    ],
    team: Annotated[list[str] | None, typer.Option(help="A team's id; may be given more than once.")] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Add somebody who works on the desk."""
    from postroom.desk.officers import add_officer

    settings, engine = _opened(config)
    with open_session(engine) as session:
        add_officer(
            session, settings, email=email, name=name, role=role, password=password, teams=team or [], now=_now()
        )
        session.commit()
    typer.echo(f"{email} can sign in to the desk.")


@app.command()
@in_words
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Run all of Postroom in one process."""
    from postroom.desk.app import create_app

    settings, engine = _opened(config)
    desk_app = create_app(engine, settings, clock=_now)
    _until_stopped(processes.everything(engine, settings, desk_app), f"Postroom runs. Desk: {settings.desk.public_url}")


@app.command()
@in_words
def poll(config: Config = DEFAULT_CONFIG) -> None:
    """Read the mailboxes, and nothing else."""
    settings, engine = _opened(config)
    daemons = processes.pollers(engine, settings, _now)
    _until_stopped(processes.running_daemons(daemons), f"Reading {len(daemons)} mailboxes.")


@app.command()
@in_words
def smtp(config: Config = DEFAULT_CONFIG) -> None:
    """Receive mail by SMTP, and nothing else."""
    settings, engine = _opened(config)
    where = f"{settings.intake.smtp.host} port {settings.intake.smtp.port}"
    _until_stopped(processes.running_receiver(engine, settings, _now), f"Receiving mail on {where}.")


@app.command()
@in_words
def work(config: Config = DEFAULT_CONFIG) -> None:
    """File messages, suggest what they are and send what is in the outbox."""
    settings, engine = _opened(config)
    _until_stopped(processes.running_daemons(processes.workers(engine, settings, _now)), "Working.")


@app.command()
@in_words
def learn(
    once: Annotated[bool, typer.Option("--once", help="Train now, whether it is due or not, and stop.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Train the model anew when officers have confirmed enough, and let a better one take over."""
    from postroom.triage import learning

    settings, engine = _opened(config)
    if once:
        model = learning.learn(engine, settings, _now())
        typer.echo(
            f"Model {model.version}, of {model.confirmations} confirmed messages: {model.state}; {model.reason}."
        )
        return
    _until_stopped(processes.running_daemons(processes.learners(engine, settings, _now)), "Learning.")


@models_app.command("list")
@in_words
def list_models(config: Config = DEFAULT_CONFIG) -> None:
    """Print which models there are, which of them suggests and why, and how often officers took what they suggested."""
    from postroom.triage import model_store, registry
    from postroom.triage.accuracy import accuracy_by_model
    from postroom.triage.embedding import encoder_for
    from postroom.triage.models_text import as_tables

    settings, engine = _opened(config)
    shipped = model_store.load(model_store.folder_of(settings), encoder_for(settings)).version
    with open_session(engine, read_only=True) as session:
        tables = as_tables(registry.models(session), accuracy_by_model(session), shipped)
    Console().print(tables)


@models_app.command("rollback")
@in_words
def roll_back_model(
    version: Annotated[str, typer.Argument(help="The model that is to suggest; else the champion before.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let an earlier model suggest again. Running workers pick it up by themselves."""
    from postroom.triage import learning

    settings, engine = _opened(config)
    model = learning.roll_back(engine, settings, version, _now())
    typer.echo(f"Model {model.version} suggests from now on.")


@embeddings_app.command("add")
@in_words
def add_embeddings(
    package: Annotated[
        Path | None, typer.Argument(help="The package as a file, where this machine has no network.", dir_okay=False)
    ] = None,
) -> None:
    """Fetch sentence embeddings (84 MB, once), which make suggestions better and slower."""
    from postroom.triage import embedding

    embedding.add(embedding.folder_of(), package)
    typer.echo("Added. The next training uses them: say 'postroom train'.")


@embeddings_app.command("remove")
@in_words
def remove_embeddings() -> None:
    """Take the sentence embeddings away again."""
    from postroom.triage import embedding

    embedding.remove(embedding.folder_of())
    typer.echo("Removed. Train the model again without them: say 'postroom train'.")


@app.command()
@in_words
def schedule(
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, and stop.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Send acknowledgements and reminders when they are due."""
    from postroom.notifications import scheduler

    settings, engine = _opened(config)
    if once:
        scheduler.tick(engine, settings, _now())
        return
    _until_stopped(processes.running_scheduler(engine, settings, _now), "Scheduling.")


@app.command()
@in_words
def desk(config: Config = DEFAULT_CONFIG) -> None:
    """Serve the web desk, and nothing else."""
    from postroom.desk.app import create_app

    settings, engine = _opened(config)
    app = create_app(engine, settings, clock=_now)
    _until_stopped(processes.running_desk(app, settings), f"Desk: {settings.desk.public_url}")


@app.command("import")
@in_words
def import_mail(
    path: Annotated[Path, typer.Argument(help="A folder of .eml files, an mbox file or a Maildir.", exists=True)],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take in old mail. What was taken in before is not taken in again."""
    from postroom.intake.import_mail import import_path

    _, engine = _opened(config)
    with Progress(console=errors) as progress:
        task = progress.add_task("Importing", total=None)
        result = import_path(
            path, engine, _now(), lambda done, total: progress.update(task, completed=done, total=total)
        )
    for problem in result.problems:
        errors.print(f"postroom: {problem}", style="red", markup=False)
    typer.echo(f"{result.stored} messages stored, {result.known} known already, {len(result.problems)} not readable.")


@app.command()
@in_words
def parse(
    files: Annotated[list[Path], typer.Argument(help="Mails as files.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Print what each mail says, as one JSON object a line."""
    from postroom.intake.as_json import describe_file

    own = load_settings(config).council if config.exists() else None
    for file in files:
        _print_json(describe_file(file, own))


@app.command()
@in_words
def suggest(
    file: Annotated[str, typer.Argument(help="JSON lines; - for standard input.")] = "-",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Print what each message seems to be, as one JSON object a line."""
    from postroom.triage.lines import suggest_lines
    from postroom.triage.model_store import folder_of
    from postroom.triage.suggesting import Suggester

    settings = load_settings(config)
    suggester = Suggester.load(folder_of(settings), settings)
    with _lines(file) as lines:
        for answer in suggest_lines(lines, suggester):
            _print_json(answer)


@app.command()
@in_words
def train(config: Config = DEFAULT_CONFIG) -> None:
    """Train the model that suggests, on the seed corpus."""
    from postroom.triage.model_store import folder_of
    from postroom.triage.training import build

    settings = load_settings(config)
    model = build(settings, folder_of(settings))
    typer.echo(f"Trained model {model.version} on {model.figures['examples']} messages.")


@app.command()
@in_words
def evaluate(
    file: Annotated[Path | None, typer.Argument(help="JSON lines with labels.")] = None,
    against: Annotated[Path | None, typer.Option(help="Another officer's labels of the same messages.")] = None,
    curve: Annotated[
        bool, typer.Option("--learning-curve", help="Also train with more and more of FILE as confirmed. Slow.")
    ] = False,
    set_aside: Annotated[bool, typer.Option("--set-aside", help="Train anew, measure on what was set aside.")] = False,
    each_file: Annotated[bool, typer.Option("--each-file", help="Each seed file by a model of the others.")] = False,
    to: Annotated[Path, typer.Option(help="Folder for evaluation.json and evaluation.html.")] = Path("data/evaluation"),
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Print and store how good suggestions are on labelled messages."""
    from postroom.triage.evaluation import Task, run

    run(Task(file, against, curve, set_aside, each_file), load_settings(config), to, Console())


@app.command()
@in_words
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say how much has come in, where it stands and what waits."""
    from postroom.reports.status import as_text
    from postroom.reports.status import status as count

    settings, engine = _opened(config)
    counted = count(engine, settings, _now())
    typer.echo(json.dumps(counted.as_dict(), ensure_ascii=False) if as_json else as_text(counted))


@app.command("verify-history")
@in_words
def verify_history(config: Config = DEFAULT_CONFIG) -> None:
    """Check that nobody changed the history of a case after it was written."""
    from postroom.casework.history import broken_histories

    _, engine = _opened(config)
    with open_session(engine, read_only=True) as session:
        broken = list(broken_histories(session))
    for line in broken:
        errors.print(line, style="red", markup=False)
    if broken:
        raise typer.Exit(1)
    typer.echo("Every history holds together.")


def _now() -> datetime:
    return processes.utc_now()


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@contextmanager
def _lines(file: str) -> Iterator[Iterator[str]]:
    if file == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        yield iter(sys.stdin)
        return
    try:
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            yield iter(lines)
    except OSError as error:
        raise ConfigurationError([f"{file}: can't be read: {error.strerror}"]) from None


def _until_stopped(running: AbstractContextManager[None], greeting: str) -> None:
    """Hold `running` open until somebody presses Ctrl-C or the process is told to end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    with running:
        typer.echo(f"{greeting} Ctrl-C stops.")
        stop.wait()
        typer.echo("Stopping.")
