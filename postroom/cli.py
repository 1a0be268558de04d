"""The `postroom` command. Each sub-command is a few lines that call one room, which it loads itself: what the command
can do is said at once."""

import gc
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import wraps
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer

from postroom import processes
from postroom.models.failures import ConfigurationError, PostroomError
from postroom.models.roles import Role, Scope

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

    from postroom.models.settings import Settings

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
tokens_app = typer.Typer(help="Keys with which other programs use the JSON API.", no_args_is_help=True)
app.add_typer(tokens_app, name="tokens")

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
            _say_wrong(f"postroom: {error}")
            raise typer.Exit(1) from None

    return run


def _say_wrong(line: str) -> None:
    typer.secho(line, fg=typer.colors.RED, err=True)


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


def _settings(config: Path) -> "Settings":
    from postroom.models.settings import load_settings

    return load_settings(config)


def _opened(config: Path) -> "tuple[Settings, Engine]":
    """The settings, and the database at the newest version."""
    from postroom.models.database import check_version, open_engine

    settings = _settings(config)
    engine = open_engine(settings.database_url)
    check_version(engine)
    return settings, engine


def _session(engine: "Engine", *, read_only: bool = False) -> "Session":
    from postroom.models.database import open_session

    return open_session(engine, read_only=read_only)


@app.command("check-config")
@in_words
def check_config(config: Config = DEFAULT_CONFIG) -> None:
    """Say what is wrong with the configuration, or that nothing is."""
    from postroom.checks import problems

    settings = _settings(config)
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
    from postroom.models.database import open_engine
    from postroom.models.upgrading import upgrade

    settings = _settings(config)
    engine = open_engine(settings.database_url)
    upgrade(engine)
    typer.echo("The database is ready.")
    with _session(engine) as session:
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
    with _session(engine) as session:
        add_officer(
            session, settings, email=email, name=name, role=role, password=password, teams=team or [], now=_now()
        )
        session.commit()
    typer.echo(f"{email} can sign in to the desk.")


@tokens_app.command("add")
@in_words
def add_token_command(
    name: Annotated[str, typer.Argument(help="Which program uses it.")],
    officer: Annotated[str, typer.Option(help="The address of the officer by whose rights it sees and acts.")],
    scope: Annotated[list[Scope], typer.Option(help="What it is for; may be given more than once.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make a token for another program and print it, once."""
    from postroom.desk.api.tokens import add_token

    _, engine = _opened(config)
    with _session(engine) as session:
        token = add_token(session, name, officer, scope, now=_now(), made_by=_account())
        session.commit()
    typer.echo(token)


def _account() -> str:
    """Who works on this machine; empty where it has no name for them, as in many containers."""
    try:
        return getuser()
    except (OSError, KeyError):  # the second before Python 3.13
        return ""


@tokens_app.command("list")
@in_words
def list_tokens(config: Config = DEFAULT_CONFIG) -> None:
    """Print which tokens there are, for what, and when they were used last."""
    from rich.console import Console
    from rich.table import Table

    from postroom.desk.api.tokens import tokens

    _, engine = _opened(config)
    table = Table("name", "officer", "for", "last used", "state")
    with _session(engine, read_only=True) as session:
        for token, email in tokens(session):
            used = f"{token.used_at:%Y-%m-%d}" if token.used_at else "never"
            table.add_row(token.name, email, ", ".join(token.scopes), used, "revoked" if token.revoked_at else "holds")
    Console().print(table)


@tokens_app.command("revoke")
@in_words
def revoke_token_command(name: Annotated[str, typer.Argument()], config: Config = DEFAULT_CONFIG) -> None:
    """Let a token hold no longer."""
    from postroom.desk.api.tokens import revoke_token

    _, engine = _opened(config)
    with _session(engine) as session:
        revoke_token(session, name, now=_now())
        session.commit()
    typer.echo(f"{name} holds no longer.")


@app.command("set-password")
@in_words
def set_password_command(
    email: Annotated[str, typer.Argument(help="The officer's address.")],
    password: Annotated[
        str, typer.Option(help="The new one.", envvar="POSTROOM_PASSWORD", prompt=True, hide_input=True)
    ],
    second_factor: Annotated[
        bool, typer.Option("--without-second-factor", help="Also take away a second factor that was lost.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Give an officer a new password and let them in again, where no administrator can."""
    from postroom.desk.officers import let_in_again

    settings, engine = _opened(config)
    with _session(engine) as session:
        let_in_again(session, settings, email=email, password=password, forget_factor=second_factor, now=_now())
        session.commit()
    typer.echo(f"{email} can sign in with the new password, and is signed out everywhere.")


@app.command("restrict")
@in_words
def restrict_case(
    reference: Annotated[str, typer.Argument(help="The case, as AR-2026-000123.")],
    email: Annotated[list[str], typer.Argument(help="The officers who alone may see it.")],
    reason: Annotated[str, typer.Option(help="Why; the case's history keeps it.", prompt=True)],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Restrict a case to officers by name, also where all those named before have left."""
    from postroom.casework.reading import case_called
    from postroom.casework.restricting import restrict

    settings, engine = _opened(config)
    with _session(engine) as session:
        found = case_called(session, reference)
        assert found.id is not None
        restrict(session, found.id, email, reason=reason, officer_id=None, settings=settings, now=_now())
        session.commit()
    typer.echo(f"{reference} is restricted to {', '.join(email)}.")


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
    from rich.console import Console

    from postroom.triage import model_store, registry
    from postroom.triage.accuracy import accuracy_by_model
    from postroom.triage.embedding import encoder_for
    from postroom.triage.models_text import as_tables

    settings, engine = _opened(config)
    shipped = model_store.load(model_store.folder_of(settings), encoder_for(settings)).version
    with _session(engine, read_only=True) as session:
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
    _until_stopped(processes.running_daemons(processes.schedulers(engine, settings, _now)), "Scheduling.")


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
    from rich.console import Console
    from rich.progress import Progress

    from postroom.intake.import_mail import import_path

    _, engine = _opened(config)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Importing", total=None)
        result = import_path(
            path, engine, _now(), lambda done, total: progress.update(task, completed=done, total=total)
        )
    for problem in result.problems:
        _say_wrong(f"postroom: {problem}")
    typer.echo(f"{result.stored} messages stored, {result.known} known already, {len(result.problems)} not readable.")


@app.command()
@in_words
def parse(
    files: Annotated[list[Path], typer.Argument(help="Mails as files.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Print what each mail says, as one JSON object a line."""
    from postroom.intake.as_json import describe_file

    own = _settings(config).council if config.exists() else None
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

    settings = _settings(config)
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

    settings = _settings(config)
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
    from rich.console import Console

    from postroom.triage.evaluation import Task, run

    run(Task(file, against, curve, set_aside, each_file), _settings(config), to, Console())


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
    with _session(engine, read_only=True) as session:
        broken = list(broken_histories(session))
    for line in broken:
        _say_wrong(line)
    if broken:
        raise typer.Exit(1)
    typer.echo("Every history holds together.")


@app.command()
@in_words
def simulate(
    years: Annotated[int, typer.Option(min=1, max=30)] = 3,
    cases: Annotated[int, typer.Option(min=1)] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same data.")] = 1,
    start: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The first day; else such that the years end on the last 31 March."),
    ] = None,
    database: Annotated[str, typer.Option(help="The database's URL; else the configuration's.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Fill an empty database with years of a council's life, and check that all of it holds together."""
    from rich.console import Console

    from postroom.models.database import open_engine
    from postroom.models.upgrading import upgrade
    from postroom.simulation.command import plan_for, run

    settings = _settings(config)
    if database and "://" not in database:
        raise ConfigurationError([f"--database: expected a URL such as sqlite:///{database}; got {database}"])
    engine = open_engine(database or settings.database_url)
    upgrade(engine)
    plan = plan_for(years, cases, seed, start.date() if start else None, today=_now().date())
    run(engine, settings, plan, Console(stderr=True, highlight=False, soft_wrap=True))


@app.command("erase-person")
@in_words
def erase_person_command(
    email: Annotated[str, typer.Argument(help="An email address of the person.")],
    by: Annotated[str, typer.Option(help="The email address of the officer who decided it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Erase what a person wrote and what was written about them. Cases stay as figures. Can't be undone."""
    from postroom.casework import erasing
    from postroom.casework.people import person_of_email
    from postroom.casework.reading import officer_of_email

    _, engine = _opened(config)
    with _session(engine) as session:
        person = person_of_email(session, email)
        assert person.id is not None
        cases = erasing.theirs(session, person.id).with_messages
        typer.echo(f"{person.name or email}: {', '.join(case.reference for case in cases) or 'no cases'}.")
        if not yes:
            typer.confirm("Erase all that they wrote and that was written about them, for ever?", abort=True)
        erasing.erase_person(session, person.id, officer_id=officer_of_email(session, by), now=_now())
        session.commit()
    typer.echo("Erased. Copies in backups go when the backups do.")


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
        gc.freeze()  # what is there now stays: no later collection looks at it again, in the midst of somebody's page
        typer.echo(f"{greeting} Ctrl-C stops.")
        stop.wait()
        typer.echo("Stopping.")
