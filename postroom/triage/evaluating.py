"""How good suggestions are, where the right labels are known: on a file, on what was set aside, file by file.

A report is plain values, so that it can be printed, stored and drawn.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from postroom.models.failures import ConfigurationError
from postroom.models.message import Answer
from postroom.models.settings import Settings
from postroom.triage.corpus import Example
from postroom.triage.embedding import encoder_for
from postroom.triage.measures import (
    Calibration,
    Coverage,
    Interval,
    LabelFigures,
    Numbers,
    calibration,
    confusion,
    coverage,
    interval,
    kappa,
    macro_f1,
    mean,
    of_labels,
)
from postroom.triage.model import TriageModel
from postroom.triage.sides import folds, near_groups, set_aside
from postroom.triage.suggesting import Choice, Suggested, Suggester
from postroom.triage.training import train

TARGETS = ("type", "category", "team", "exclusion")
PAIR = ("service_request", "complaint")
CONFIRMATIONS = (0, 25, 50, 100, 200, 400, 800)
LENGTHS = {"up to 20 words": 20, "21 to 60 words": 60, "61 to 150 words": 150}
LONGER = "over 150 words"
ALL_FILES = "all of them"


@dataclass(frozen=True)
class Figure:
    """One number, of how many messages, and where it would lie with others like them."""

    value: float | None
    messages: int
    interval: Interval | None = None


@dataclass(frozen=True)
class AnswerFigures:
    """What officers get of one target: how many of the messages get this answer, and of these how many are right. Right
    is the likeliest label where it is chosen or the officer decides, one of the likeliest three where these are
    offered."""

    answer: Answer
    share: float
    right: float | None


@dataclass(frozen=True)
class TargetReport:
    """One target. `agreement` is Cohen's kappa. Of officers' labels there is nothing from `top_3` on."""

    accuracy: Figure
    macro_f1: Figure
    agreement: float | None
    labels: tuple[LabelFigures, ...]
    confusion: tuple[tuple[int, ...], ...]
    """A row for each true label, a column for each label that was given, in the order of `labels`."""
    top_3: Figure | None = None
    calibration: Calibration | None = None
    coverage: tuple[Coverage, ...] = ()
    answers: tuple[AnswerFigures, ...] = ()


@dataclass(frozen=True)
class RiskReport:
    recall: Figure
    precision: Figure
    calibration: Calibration | None = None


@dataclass(frozen=True)
class Report:
    """`category` counts messages whose type was given rightly and has categories. `pair`: service requests and
    complaints told apart, of those that were taken for one of the two. `slices` and `curve`: figures by their names."""

    messages: int
    given_by: str
    targets: Mapping[str, TargetReport]
    category_of_all: Figure
    """Of all messages whose type has categories; wrong where the type was."""
    pair: Figure
    at_risk: RiskReport
    slices: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    curve: Mapping[int, Mapping[str, float | None]] = field(default_factory=dict)
    """By the number of confirmed messages that the model had learned from besides the seed corpus."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _Given:
    """The labels that one message was given, by target, with probabilities where a model gave them."""

    labels: Mapping[str, str]
    at_risk: bool
    choices: Mapping[str, Choice] = field(default_factory=dict)
    danger: float = 0.0


def evaluate(examples: Sequence[Example], suggester: Suggester, settings: Settings) -> Report:
    """How good `suggester` is on `examples`. Raises `ConfigurationError` where there are none."""
    return _report(
        examples,
        [_given(each) for each in suggester.suggest_many([e.text for e in examples])],
        settings,
        suggester.version,
    )


def evaluate_set_aside(examples: Sequence[Example], settings: Settings) -> Report:
    """Train on all but what is set aside, and measure on that."""
    learned, aside = set_aside(examples)
    return evaluate(aside, Suggester(_trained(learned, settings), settings), settings)


def evaluate_each_file(files: Mapping[str, Sequence[Example]], settings: Settings) -> Iterator[tuple[str, Report]]:
    """For each file: train on all others and measure on it. So the writer of the file is unseen. At last all files
    together, as `ALL_FILES`: of a few hundred messages much of the calibration error is chance."""
    every: list[tuple[Example, _Given]] = []
    for name, measured in files.items():
        learned = [example for other, examples in files.items() if other != name for example in examples]
        suggester = Suggester(_trained(learned, settings), settings)
        given = [_given(each) for each in suggester.suggest_many([example.text for example in measured])]
        every += zip(measured, given, strict=True)
        yield name, _report(measured, given, settings, suggester.version)
    yield ALL_FILES, _report([e for e, _ in every], [g for _, g in every], settings, f"{len(files)} models")


def learning_curve(
    seed: Sequence[Example], confirmed: Sequence[Example], settings: Settings
) -> dict[int, dict[str, float | None]]:
    """What confirming messages is worth: train on the seed and ever more of `confirmed`, measure on a third of it."""
    learned, measured = next(iter(folds(near_groups(confirmed), 3)), ((), ()))
    curve: dict[int, dict[str, float | None]] = {}
    for count in (count for count in CONFIRMATIONS if count <= len(learned) and len(measured)):
        suggester = Suggester(train(seed, settings, [confirmed[p] for p in learned[:count]]), settings)
        report = evaluate([confirmed[position] for position in measured], suggester, settings)
        curve[count] = main_figures(report)
    return curve


def agree(examples: Sequence[Example], others: Sequence[Example], settings: Settings) -> Report:
    """The same figures for two officers' labels of the same messages, told by their ids: the first are taken as true.

    Raises `ConfigurationError` where the ids are not the same.
    """
    labels = {other.id: other.labels for other in others}
    if missing := sorted({example.id for example in examples} ^ set(labels)):
        raise ConfigurationError([f"{id_}: labelled in one of the two files only" for id_ in missing])
    given = [
        _Given({target: getattr(labels[e.id], target) for target in TARGETS}, labels[e.id].at_risk) for e in examples
    ]
    return _report(examples, given, settings, "another officer")


def _trained(examples: Sequence[Example], settings: Settings) -> TriageModel:
    """A model as `postroom train` makes it."""
    return train(examples, settings, encoder=encoder_for(settings))


def _given(suggested: Suggested) -> _Given:
    choices: dict[str, Choice] = {target: getattr(suggested, target) for target in TARGETS}
    labels = {target: choice.label for target, choice in choices.items()}
    return _Given(labels, suggested.at_risk.label, choices, suggested.at_risk.probability)


def _report(examples: Sequence[Example], given: Sequence[_Given], settings: Settings, given_by: str) -> Report:
    if not examples:
        raise ConfigurationError(["nothing can be measured on no messages"])
    both = list(zip(examples, given, strict=True))
    report = _figures(both, settings, given_by, resample=True)
    slices = {
        name: main_figures(_figures(part, settings, given_by, resample=False)) for name, part in _sliced(both).items()
    }
    return replace(report, slices=slices)


_Pairs = Sequence[tuple[Example, _Given]]


def _figures(both: _Pairs, settings: Settings, given_by: str, *, resample: bool) -> Report:
    figure = _Figures(resample)
    typed = [(e, g) for e, g in both if e.labels.type in settings.categories]
    parts = {"category": [(e, g) for e, g in typed if e.labels.type == g.labels["type"]]}
    right = [e.labels.type == g.labels["type"] and e.labels.category == g.labels["category"] for e, g in typed]
    told = [e.labels.type == g.labels["type"] for e, g in both if {e.labels.type, g.labels["type"]} <= set(PAIR)]
    return Report(
        len(both),
        given_by,
        {target: _target(target, parts.get(target, both), figure) for target in TARGETS},
        figure.share(right),
        figure.share(told),
        _risk(both, figure),
    )


@dataclass(frozen=True)
class _Figures:
    """Makes figures; with intervals where `resample`."""

    resample: bool

    def share(self, values: Sequence[bool]) -> Figure:
        array = np.array(values, float)
        return self.of(array, mean)

    def of(self, values: Numbers, figure: Callable[[Numbers], float | None]) -> Figure:
        between = interval(len(values), lambda drawn: figure(values[drawn])) if self.resample else None
        return Figure(figure(values), len(values), between)


def _target(target: str, both: _Pairs, figure: _Figures) -> TargetReport:
    truth = [getattr(example.labels, target) for example, _ in both]
    given = [found.labels[target] for _, found in both]
    labels, counts = confusion(truth, given)
    right = np.array([one == other for one, other in zip(truth, given, strict=True)], float)
    cells = np.array([labels.index(t) * len(labels) + labels.index(g) for t, g in zip(truth, given, strict=True)], int)

    def f1(drawn: Numbers) -> float | None:
        square = np.bincount(drawn, minlength=len(labels) ** 2).reshape(len(labels), len(labels))
        return macro_f1(square)

    report = TargetReport(
        figure.of(right, mean),
        figure.of(cells, f1),
        kappa(counts),
        tuple(of_labels(labels, counts)),
        tuple(tuple(map(int, row)) for row in counts),
    )
    choices = [found.choices[target] for _, found in both if found.choices]
    if not choices:
        return report
    top_3 = [t in [label for label, _ in c.alternatives[:3]] for t, c in zip(truth, choices, strict=True)]
    sure = np.array([choice.probability for choice in choices])
    return replace(
        report,
        top_3=figure.share(top_3),
        calibration=calibration(right, sure),
        coverage=tuple(coverage(right, sure)),
        answers=tuple(_answers([choice.answer for choice in choices], right, np.array(top_3, float))),
    )


def _answers(given: Sequence[Answer], first: Numbers, in_three: Numbers) -> Iterator[AnswerFigures]:
    for answer in Answer:
        those = np.array([each == answer for each in given], bool)
        right = in_three if answer == Answer.OFFERED else first
        yield AnswerFigures(answer, float(those.mean()), mean(right[those]))


def _risk(both: _Pairs, figure: _Figures) -> RiskReport:
    recall = figure.share([found.at_risk for example, found in both if example.labels.at_risk])
    precision = figure.share([example.labels.at_risk for example, found in both if found.at_risk])
    if not all(found.choices for _, found in both):
        return RiskReport(recall, precision)
    truth = np.array([example.labels.at_risk for example, _ in both], float)
    return RiskReport(recall, precision, calibration(truth, np.array([found.danger for _, found in both])))


def main_figures(report: Report) -> dict[str, float | None]:
    """The figures that are looked at first."""
    targets = report.targets
    top_3 = targets["team"].top_3
    return {
        "messages": report.messages,
        "type macro-F1": targets["type"].macro_f1.value,
        "type": targets["type"].accuracy.value,
        "pair": report.pair.value,
        "category": targets["category"].accuracy.value,
        "team": targets["team"].accuracy.value,
        "team in three": top_3.value if top_3 else None,
        "exclusion macro-F1": targets["exclusion"].macro_f1.value,
        "at-risk recall": report.at_risk.recall.value,
        "at-risk precision": report.at_risk.precision.value,
    }


def _sliced(both: _Pairs) -> dict[str, list[tuple[Example, _Given]]]:
    """The messages by channel and by length."""
    slices: dict[str, list[tuple[Example, _Given]]] = {}
    for example, found in both:
        words = len(example.text.body.split())
        length = next((name for name, most in LENGTHS.items() if words <= most), LONGER)
        for name in (example.text.channel, length):
            slices.setdefault(name, []).append((example, found))
    order = [*sorted({example.text.channel for example, _ in both}), *LENGTHS, LONGER]
    return {name: slices[name] for name in order if name in slices}
