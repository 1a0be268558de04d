"""What the council has: its configuration, its mail, its figures and its histories."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from postroom.cli.opening import (
    DEFAULT_CONFIG,
    Config,
    in_words,
    now,
    opened,
    print_json,
    say_wrong,
    session_of,
    settings_of,
)
from postroom.models.failures import ConfigurationError

app = typer.Typer()


@app.command("check-config")
@in_words
def check_config(config: Config = DEFAULT_CONFIG) -> None:
    """Say what is wrong with the configuration, or that nothing is."""
    from postroom.checks import problems

    settings = settings_of(config)
    found = problems(settings)
    if found:
        raise ConfigurationError([f"{config}: {problem}" for problem in found])
    typer.echo(f"{config}: {settings.council.name}, {len(settings.teams)} teams: nothing wrong.")


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

    _, engine = opened(config)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Importing", total=None)
        result = import_path(
            path, engine, now(), lambda done, total: progress.update(task, completed=done, total=total)
        )
    for problem in result.problems:
        say_wrong(f"postroom: {problem}")
    typer.echo(f"{result.stored} messages stored, {result.known} known already, {len(result.problems)} not readable.")


@app.command()
@in_words
def parse(
    files: Annotated[list[Path], typer.Argument(help="Mails as files.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Print what each mail says, as one JSON object a line."""
    from postroom.intake.as_json import describe_file

    own = settings_of(config).council if config.exists() else None
    for file in files:
        print_json(describe_file(file, own))


@app.command()
@in_words
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say how much has come in, where it stands and what waits."""
    from postroom.reports.status import as_text
    from postroom.reports.status import status as count

    settings, engine = opened(config)
    counted = count(engine, settings, now())
    typer.echo(json.dumps(counted.as_dict(), ensure_ascii=False) if as_json else as_text(counted))


@app.command("verify-history")
@in_words
def verify_history(config: Config = DEFAULT_CONFIG) -> None:
    """Check that nobody changed the history of a case after it was written."""
    from postroom.casework.history import broken_histories

    _, engine = opened(config)
    with session_of(engine, read_only=True) as session:
        broken = list(broken_histories(session))
    for line in broken:
        say_wrong(line)
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

    settings = settings_of(config)
    if database and "://" not in database:
        raise ConfigurationError([f"--database: expected a URL such as sqlite:///{database}; got {database}"])
    engine = open_engine(database or settings.database_url)
    upgrade(engine)
    plan = plan_for(years, cases, seed, start.date() if start else None, today=now().date())
    run(engine, settings, plan, Console(stderr=True, highlight=False, soft_wrap=True))
