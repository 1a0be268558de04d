"""Whether a challenger may take the champion's place: a paired bootstrap over messages that neither has learned from.

Numbers only; nothing is trained or read here.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from postroom.triage.corpus import Example
from postroom.triage.measures import Numbers, mean
from postroom.triage.suggesting import Suggested

RESAMPLES = 1000
EVIDENCE = 0.9
"""A challenger is refused for a figure that is worse in this part of the resamples."""


@dataclass(frozen=True)
class Compared:
    """One figure of both models, and in which part of the resamples the challenger's is the worse one."""

    champion: float | None
    challenger: float | None
    worse_in: float

    @property
    def worse(self) -> bool:
        return self.worse_in >= EVIDENCE


@dataclass(frozen=True)
class Comparison:
    """Of two models on the same messages. Each figure is the better the higher it is."""

    messages: int
    figures: dict[str, Compared]

    @property
    def worse(self) -> list[str]:
        """The figures for which the challenger is refused."""
        return [name for name, compared in self.figures.items() if compared.worse]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(examples: Sequence[Example], champion: Sequence[Suggested], challenger: Sequence[Suggested]) -> Comparison:
    """Both models' suggestions for the same examples: macro-F1 of type and team, recall of complaints and of those at
    risk, and honesty of the type's probability (Brier 1950, from 1 for perfect down). The same each time."""
    draw = np.random.default_rng(0)
    drawn = draw.integers(0, len(examples), (RESAMPLES, len(examples)))
    figures: dict[str, Compared] = {}
    for name, figure in _FIGURES.items():
        one, other = figure(examples, champion), figure(examples, challenger)
        pairs = [(one(positions), other(positions)) for positions in drawn]
        worse = [float(b < a) for a, b in pairs if a is not None and b is not None]
        everything = np.arange(len(examples))
        figures[name] = Compared(one(everything), other(everything), mean(worse) or 0.0)
    return Comparison(len(examples), figures)


Figure = Callable[[Sequence[Example], Sequence[Suggested]], Callable[[Numbers], float | None]]


def _macro_f1(target: str) -> Figure:
    def of(examples: Sequence[Example], given: Sequence[Suggested]) -> Callable[[Numbers], float | None]:
        names = sorted({getattr(e.labels, target) for e in examples} | {getattr(s, target).label for s in given})
        truth = np.array([names.index(getattr(example.labels, target)) for example in examples])
        found = np.array([names.index(getattr(suggested, target).label) for suggested in given])

        def drawn(positions: Numbers) -> float | None:
            true, said = truth[positions], found[positions]
            right = np.bincount(true[true == said], minlength=len(names))
            either = np.bincount(true, minlength=len(names)) + np.bincount(said, minlength=len(names))
            return mean((2 * right / np.maximum(either, 1))[either > 0])

        return drawn

    return of


def _complaints(examples: Sequence[Example], given: Sequence[Suggested]) -> Callable[[Numbers], float | None]:
    return _recall(
        [example.labels.type == "complaint" for example in examples],
        [suggested.type.label == "complaint" for suggested in given],
    )


def _at_risk(examples: Sequence[Example], given: Sequence[Suggested]) -> Callable[[Numbers], float | None]:
    return _recall([example.labels.at_risk for example in examples], [suggested.at_risk.label for suggested in given])


def _recall(truth: Sequence[bool], found: Sequence[bool]) -> Callable[[Numbers], float | None]:
    true, said = np.array(truth, bool), np.array(found, bool)
    return lambda positions: mean(said[positions][true[positions]])


def _honesty(examples: Sequence[Example], given: Sequence[Suggested]) -> Callable[[Numbers], float | None]:
    scores = np.array([_brier(e.labels.type, s.type.alternatives) for e, s in zip(examples, given, strict=True)])
    return lambda positions: 1 - float(scores[positions].mean())


def _brier(truth: str, alternatives: Sequence[tuple[str, float]]) -> float:
    return sum((probability - (label == truth)) ** 2 for label, probability in alternatives) / 2


_FIGURES: dict[str, Figure] = {
    "type macro-F1": _macro_f1("type"),
    "team macro-F1": _macro_f1("team"),
    "complaint recall": _complaints,
    "at-risk recall": _at_risk,
    "calibration": _honesty,
}
