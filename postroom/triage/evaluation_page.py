"""A report as one page that needs nothing else: tables, and plots as SVG in the page."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import sqrt
from typing import Any

from postroom.triage.evaluating import TARGETS, Report, TargetReport
from postroom.triage.evaluation_text import mistakes, shown, with_interval
from postroom.triage.measures import Calibration, Coverage

SIDE = 240
"""Of a plot, in pixels."""
MARGIN = 40

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; color: #0b0c0c; }
table { border-collapse: collapse; margin: 1rem 0 2rem; } caption { text-align: left; font-weight: bold; }
th, td { padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #b1b4b6; text-align: right; vertical-align: top; }
th:first-child, td:first-child { text-align: left; } .plots { display: flex; flex-wrap: wrap; gap: 2rem; }
.confusion { overflow-x: auto; } .confusion td, .confusion th { padding: .2rem .4rem; font-size: .8rem; }
.confusion thead th { writing-mode: vertical-rl; text-align: left; } figure { margin: 0; } svg text { font-size: 12px; }
"""


def page(report: Report) -> str:
    """The whole page as HTML."""
    parts = [
        f"<h1>Evaluation on {report.messages} messages</h1>",
        f"<p>Labels given by: {escape(report.given_by)}. In brackets: 95% bootstrap intervals.</p>",
        _summary(report),
        _besides(report),
        _answers(report),
        _named("Slices", "slice", report.slices),
        _named("By confirmed messages that were learned from", "confirmed", report.curve),
        *(_target(target, report.targets[target]) for target in TARGETS),
    ]
    if report.at_risk.calibration:
        parts.append(f"<h2>At risk</h2>{_calibration_plot(report.at_risk.calibration)}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Evaluation</title>'
        f"<style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _summary(report: Report) -> str:
    rows = []
    for name in TARGETS:
        target = report.targets[name]
        error = target.calibration.error if target.calibration else None
        top_3 = with_interval(target.top_3) if target.top_3 else "–"
        accuracy, f1 = with_interval(target.accuracy), with_interval(target.macro_f1)
        rows.append([name, target.accuracy.messages, accuracy, f1, top_3, shown(error), shown(target.agreement)])
    columns = ["target", "messages", "accuracy", "macro-F1", "first three", "calibration error", "kappa"]
    return _table("Targets", columns, rows)


def _besides(report: Report) -> str:
    figures = {
        "service request and complaint told apart": report.pair,
        "category right, of all that have one": report.category_of_all,
        "at risk: recall": report.at_risk.recall,
        "at risk: precision": report.at_risk.precision,
    }
    rows = [[name, figure.messages, with_interval(figure)] for name, figure in figures.items()]
    return _table("Besides", ["", "messages", "figure"], rows)


def _answers(report: Report) -> str:
    """What officers get of each target, and how much of it is right."""
    rows = [
        [name, *(shown(value) for each in report.targets[name].answers for value in (each.share, each.right))]
        for name in TARGETS
        if report.targets[name].answers
    ]
    columns = ["target", "preselected", "right", "offered", "among three", "officer decides", "likeliest right"]
    return _table("What officers get", columns, rows) if rows else ""


def _named(title: str, named: str, rows: Mapping[Any, Mapping[str, float | None]]) -> str:
    if not rows:
        return ""
    columns = [named, *next(iter(rows.values()))]
    return _table(title, columns, [[name, *map(_plain, figures.values())] for name, figures in rows.items()])


def _plain(value: float | None) -> str:
    return str(value) if isinstance(value, int) else shown(value)


def _target(name: str, target: TargetReport) -> str:
    labels = [[f.label, f.messages, shown(f.precision), shown(f.recall)] for f in target.labels]
    names = [found.label for found in target.labels]
    plots = ""
    if target.calibration:
        plots = f'<div class="plots">{_calibration_plot(target.calibration)}{_coverage_plot(target.coverage)}</div>'
    return "".join(
        [
            f"<h2>{name.capitalize()}</h2>",
            plots,
            _table("Labels", ["label", "messages", "precision", "recall"], labels),
            _table(
                "Mistakes, the commonest first",
                ["is", "was called", "messages"],
                [[true, given, count] for count, true, given in mistakes(names, target.confusion)[:20]],
            ),
            _confusion(names, target.confusion),
        ]
    )


def _confusion(names: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """A row for each true label; the darker a cell, the more of the row stand in it."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = "".join(
        f"<tr><th>{escape(name)}</th>{''.join(_cell(count, sum(row)) for count in row)}</tr>"
        for name, row in zip(names, counts, strict=True)
    )
    table = f"<thead><tr><th>is \\ was called</th>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="confusion"><table><caption>Confusion</caption>{table}</table></div>'


def _cell(count: int, whole: int) -> str:
    share = count / whole if whole else 0
    return f'<td style="background: rgba(29, 112, 184, {share:.2f})">{count or ""}</td>'


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _calibration_plot(found: Calibration) -> str:
    most = max((one.messages for one in found.bins), default=1)
    dots = "".join(
        f'<circle cx="{_x(one.probability):.1f}" cy="{_y(one.right):.1f}" r="{3 + 7 * sqrt(one.messages / most):.1f}" '
        f'fill="#1d70b8" fill-opacity="0.7"><title>{one.messages} messages</title></circle>'
        for one in found.bins
    )
    even = f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#505a5f" stroke-dasharray="4"/>'
    return _plot(f"Calibration (error {found.error:.3f})", "probability said", "part that was right", even + dots)


def _coverage_plot(found: Sequence[Coverage]) -> str:
    points = " ".join(f"{_x(one.coverage):.1f},{_y(one.precision):.1f}" for one in found)
    line = f'<polyline points="{points}" fill="none" stroke="#1d70b8" stroke-width="2"/>'
    return _plot("The surest first", "part of the messages", "part that was right", line)


def _plot(title: str, across: str, up: str, content: str) -> str:
    size = SIDE + 2 * MARGIN
    frame = f'<rect x="{MARGIN}" y="{MARGIN}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#505a5f"/>'
    ticks = "".join(
        f'<text x="{_x(at):.0f}" y="{_y(0) + 16}" text-anchor="middle">{at:g}</text>'
        f'<text x="{MARGIN - 6}" y="{_y(at) + 4:.0f}" text-anchor="end">{at:g}</text>'
        for at in (0, 0.5, 1)
    )
    names = (
        f'<text x="{_x(0.5)}" y="{_y(0) + 32}" text-anchor="middle">{across}</text>'
        f'<text transform="translate(12 {_y(0.5)}) rotate(-90)" text-anchor="middle">{up}</text>'
    )
    return (
        f'<figure><figcaption>{title}</figcaption><svg width="{size}" height="{size}" role="img" '
        f'aria-label="{title}">{frame}{ticks}{names}{content}</svg></figure>'
    )


def _x(value: float) -> float:
    return MARGIN + SIDE * value


def _y(value: float) -> float:
    return MARGIN + SIDE * (1 - value)
