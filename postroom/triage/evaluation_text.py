"""A report as tables that are read in a terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from postroom.triage.evaluating import TARGETS, Figure, Report, main_figures

MOST_MISTAKES = 8
"""Of one target, how many kinds of mistake are printed; all of them are in the JSON and on the page."""


def shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def with_interval(figure: Figure) -> str:
    if figure.interval is None:
        return shown(figure.value)
    return f"{shown(figure.value)} ({figure.interval.low:.2f} to {figure.interval.high:.2f})"


def print_report(report: Report, console: Console) -> None:
    console.print(f"{report.messages} messages, labelled by {report.given_by}. In brackets: 95% bootstrap intervals.")
    console.print(_summary(report))
    console.print(_others(report))
    if report.targets["type"].answers:
        console.print(answers(report))
    for target in TARGETS:
        console.print(_labels(report, target))
        console.print(_mistakes(report, target))
    if report.slices:
        console.print(by_name("Slices", "slice", report.slices))
    if report.curve:
        curve = {str(count): figures for count, figures in report.curve.items()}
        console.print(by_name("By confirmed messages that were learned from", "confirmed", curve))


def by_file(reports: Mapping[str, Report]) -> Table:
    """The main figures of each file, where a model of all the others was measured on it."""
    return by_name("Each file by a model of the others", "file", {n: main_figures(r) for n, r in reports.items()})


def by_name(title: str, named: str, rows: Mapping[str, Mapping[str, float | None]]) -> Table:
    columns = list(next(iter(rows.values()), {}))
    table = _table(title, [named, *columns])
    for name, figures in rows.items():
        table.add_row(name, *(str(value) if isinstance(value, int) else shown(value) for value in figures.values()))
    return table


def _table(title: str, columns: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for position, column in enumerate(columns):
        table.add_column(column, justify="right" if position else "left")
    return table


def _summary(report: Report) -> Table:
    table = _table("Targets", ["", "messages", "accuracy", "macro-F1", "first three", "calibration error", "kappa"])
    for name in TARGETS:
        target = report.targets[name]
        table.add_row(
            name,
            str(target.accuracy.messages),
            with_interval(target.accuracy),
            with_interval(target.macro_f1),
            with_interval(target.top_3) if target.top_3 else "–",
            shown(target.calibration.error) if target.calibration else "–",
            shown(target.agreement),
        )
    return table


def _others(report: Report) -> Table:
    table = _table("Besides", ["", "messages", "figure"])
    risk = report.at_risk
    figures = {
        "service request and complaint told apart": report.pair,
        "category right, of all that have one": report.category_of_all,
        "at risk: recall": risk.recall,
        "at risk: precision": risk.precision,
    }
    for name, figure in figures.items():
        table.add_row(name, str(figure.messages), with_interval(figure))
    if risk.calibration:
        table.add_row("at risk: calibration error", str(report.messages), shown(risk.calibration.error))
    return table


def answers(report: Report) -> Table:
    """What officers get of each target, and how much of it is right."""
    columns = ["", "preselected", "right", "offered", "among three", "officer decides", "likeliest right"]
    table = _table("What officers get", columns)
    for name in TARGETS:
        table.add_row(
            name, *(shown(value) for each in report.targets[name].answers for value in (each.share, each.right))
        )
    return table


def _labels(report: Report, target: str) -> Table:
    table = _table(f"Labels of {target}", ["label", "messages", "precision", "recall"])
    for label in report.targets[target].labels:
        table.add_row(label.label, str(label.messages), shown(label.precision), shown(label.recall))
    return table


def _mistakes(report: Report, target: str) -> Table:
    names = [label.label for label in report.targets[target].labels]
    table = _table(f"Commonest mistakes of {target}", ["is", "was called", "messages"])
    for count, true, given in mistakes(names, report.targets[target].confusion)[:MOST_MISTAKES]:
        table.add_row(true, given, str(count))
    return table


def mistakes(names: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[tuple[int, str, str]]:
    """How often which label was called which other, the commonest first."""
    found = [
        (count, names[row], names[column])
        for row, counts in enumerate(confusion)
        for column, count in enumerate(counts)
        if row != column and count
    ]
    return sorted(found, key=lambda mistake: (-mistake[0], *mistake[1:]))
