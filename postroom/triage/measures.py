"""What there is to measure where labels were suggested and the right ones are known. Numbers only; nothing is trained.

Every figure is between 0 and 1. `None` stands where there was nothing to count.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10
RESAMPLES = 1000
COVERAGES = tuple(part / 20 for part in range(1, 21))

Labels = Sequence[str]
Numbers = NDArray[Any]


@dataclass(frozen=True)
class LabelFigures:
    """`precision`: of those that were given this label, how many have it. `recall`: of those that have it."""

    label: str
    messages: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class Bin:
    """Suggestions of about the same probability, and how many of them were right."""

    messages: int
    probability: float
    right: float


@dataclass(frozen=True)
class Coverage:
    """Of the surest suggestions, this part of all: how many were right, and the least probability among them."""

    coverage: float
    precision: float
    least_probability: float


@dataclass(frozen=True)
class Interval:
    """Where the figure lies in 95 of 100 resamples of the messages."""

    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """`error`: by how much probabilities are off, on average (expected calibration error, ten bins)."""

    error: float
    bins: tuple[Bin, ...]


def mean(values: Any) -> float | None:
    return float(np.mean(values)) if len(values) else None


def confusion(truth: Labels, given: Labels) -> tuple[list[str], Numbers]:
    """The labels in order, and counts: a row for each true label, a column for each label that was given."""
    labels = sorted({*truth, *given})
    place = {label: position for position, label in enumerate(labels)}
    counts = np.zeros((len(labels), len(labels)), int)
    np.add.at(counts, ([place[label] for label in truth], [place[label] for label in given]), 1)
    return labels, counts


def of_labels(labels: Sequence[str], counts: Numbers) -> list[LabelFigures]:
    return [
        LabelFigures(label, int(counts[at].sum()), mean_of(counts[at, at], given), mean_of(counts[at, at], true))
        for at, (label, given, true) in enumerate(zip(labels, counts.sum(axis=0), counts.sum(axis=1), strict=True))
    ]


def mean_of(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def macro_f1(counts: Numbers) -> float | None:
    """The mean of the labels' F1, over labels that were true or given."""
    either = counts.sum(axis=0) + counts.sum(axis=1)
    return mean((2 * np.diag(counts) / np.maximum(either, 1))[either > 0])


def kappa(counts: Numbers) -> float | None:
    """Agreement beyond chance (Cohen 1960)."""
    whole = counts.sum()
    if not whole:
        return None
    chance = float(counts.sum(axis=0) @ counts.sum(axis=1)) / whole**2
    return 1.0 if chance == 1 else float((np.trace(counts) / whole - chance) / (1 - chance))


def calibration(right: Numbers, probabilities: Numbers) -> Calibration:
    places = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    bins = tuple(
        Bin(int((places == b).sum()), float(probabilities[places == b].mean()), float(right[places == b].mean()))
        for b in np.unique(places)
    )
    gaps = [abs(found.right - found.probability) * found.messages for found in bins]
    return Calibration(sum(gaps) / max(len(right), 1), bins)


def coverage(right: Numbers, probabilities: Numbers) -> list[Coverage]:
    """From the surest twentieth of all suggestions to all of them."""
    if not len(right):
        return []
    order = np.argsort(-probabilities, kind="stable")
    found = []
    for part in COVERAGES:
        surest = order[: max(1, round(part * len(order)))]
        found.append(Coverage(part, float(right[surest].mean()), float(probabilities[surest[-1]])))
    return found


def interval(messages: int, figure: Callable[[Numbers], float | None]) -> Interval | None:
    """The bootstrap interval of `figure`, which gets positions of messages. The same each time."""
    if messages < 2:
        return None
    draw = np.random.default_rng(0)
    drawn = (figure(draw.integers(0, messages, messages)) for _ in range(RESAMPLES))
    known = [value for value in drawn if value is not None]
    return Interval(*map(float, np.percentile(known, (2.5, 97.5)))) if known else None
