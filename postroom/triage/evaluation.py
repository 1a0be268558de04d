"""What `postroom evaluate` does: one measurement, printed, and stored as JSON and as a page."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings
from postroom.triage import corpus
from postroom.triage.evaluating import (
    Report,
    agree,
    evaluate,
    evaluate_each_file,
    evaluate_set_aside,
    learning_curve,
)
from postroom.triage.evaluation_page import page
from postroom.triage.evaluation_text import by_file, print_report
from postroom.triage.model_store import folder_of
from postroom.triage.suggesting import Suggester
from postroom.triage.training import learned_texts


@dataclass(frozen=True)
class Task:
    """What to measure: a labelled file, perhaps against another officer's labels, or the seed corpus."""

    file: Path | None = None
    against: Path | None = None
    curve: bool = False
    set_aside: bool = False
    each_file: bool = False


def run(task: Task, settings: Settings, folder: Path, console: Console) -> None:
    """Measure, print, and write `evaluation.json` and `evaluation.html` to `folder`. Raises `ConfigurationError`."""
    if (task.file is not None) + task.set_aside + task.each_file != 1:
        raise ConfigurationError(["name a file of labelled messages, or one of --set-aside and --each-file"])
    if task.file is None and (task.against or task.curve):
        raise ConfigurationError(["--against and --learning-curve need a file of labelled messages"])
    if task.each_file:
        files = {path.stem: corpus.read(path) for path in corpus.seed_files()}
        reports = {}
        for name, report in evaluate_each_file(files, settings):
            reports[name] = report
            console.print(f"{name}: {report.messages} messages measured", highlight=False)
        console.print(by_file(reports))
        _write(folder / "evaluation.json", {name: report.as_json() for name, report in reports.items()})
        return
    if task.file is None:
        report = evaluate_set_aside(corpus.seed(), settings)
    else:
        report = _of_file(task, task.file, settings, console)
    print_report(report, console)
    _write(folder / "evaluation.json", report.as_json())
    (folder / "evaluation.html").write_text(page(report), encoding="utf-8")
    console.print(f"Stored in {folder}: evaluation.json, and evaluation.html with plots.")


def _of_file(task: Task, file: Path, settings: Settings, console: Console) -> Report:
    examples = corpus.read_labelled(file, settings)
    if task.against is not None:
        return agree(examples, corpus.read_labelled(task.against, settings), settings)
    _warn_of_known_texts(examples, settings, console)
    report = evaluate(examples, Suggester.load(folder_of(settings), settings), settings)
    if task.curve:
        return replace(report, curve=learning_curve(corpus.seed(), examples, settings))
    return report


def _warn_of_known_texts(examples: list[corpus.Example], settings: Settings, console: Console) -> None:
    """Say where the model has learned from the messages that it is measured on: its figures would be too good."""
    known = learned_texts(folder_of(settings))
    if known is None:
        console.print("Warning: nothing says which messages the model learned from.", style="yellow")
        return
    learned = sum(corpus.text_digest(example.text) in known for example in examples)
    if learned:
        console.print(
            f"Warning: the model learned from {learned} of these {len(examples)} messages. These figures are too good.",
            style="yellow",
        )


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
