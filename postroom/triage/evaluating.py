"""How well models do on messages that they have not seen: cross-validation with near copies kept on one side."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from postroom.models.settings import Settings
from postroom.triage.corpus import Example
from postroom.triage.suggesting import Choice, Suggested, Suggester
from postroom.triage.training import folds, near_groups, train

TARGETS = ("type", "category", "team", "exclusion")
PAIR = ("service_request", "complaint")
BINS = 10


@dataclass(frozen=True)
class TargetReport:
    """All between 0 and 1. `calibration_error`: by how much probabilities are off, on average (ECE, ten bins)."""

    accuracy: float
    macro_f1: float
    top_3: float
    calibration_error: float


@dataclass(frozen=True)
class Report:
    """`category` counts where the type was suggested rightly. `pair`: service requests and complaints told apart,
    of those that were taken for one of the two."""

    examples: int
    type: TargetReport
    category: TargetReport
    team: TargetReport
    exclusion: TargetReport
    pair: float
    at_risk_recall: float
    at_risk_precision: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def evaluate(examples: Sequence[Example], settings: Settings) -> Report:
    """Train on four fifths and measure on the rest, five times, so that each example is measured once."""
    suggested: dict[int, Suggested] = {}
    for learned, measured in folds(near_groups(examples)):
        suggester = Suggester(train([examples[position] for position in learned], settings), settings)
        suggested |= {position: suggester.suggest(examples[position].text) for position in measured}
    return _report([examples[position] for position in suggested], list(suggested.values()), settings)


def _report(examples: Sequence[Example], suggested: Sequence[Suggested], settings: Settings) -> Report:
    both = list(zip(examples, suggested, strict=True))
    choices: dict[str, list[tuple[str, Choice]]] = {
        target: [
            (getattr(example.labels, target), getattr(found, target))
            for example, found in both
            if target != "category"
            or (example.labels.type == found.type.label and found.type.label in settings.categories)
        ]
        for target in TARGETS
    }
    pair = [e.labels.type == s.type.label for e, s in both if e.labels.type in PAIR and s.type.label in PAIR]
    marks = [(example.labels.at_risk, found.at_risk.label) for example, found in both]
    return Report(
        len(examples),
        **{target: _target_report(pairs) for target, pairs in choices.items()},
        pair=_mean(pair),
        at_risk_recall=_mean([marked for is_so, marked in marks if is_so]),
        at_risk_precision=_mean([is_so for is_so, marked in marks if marked]),
    )


def _target_report(pairs: Sequence[tuple[str, Choice]]) -> TargetReport:
    right = np.array([truth == choice.label for truth, choice in pairs], dtype=float)
    return TargetReport(
        accuracy=_mean(right),
        macro_f1=float(
            f1_score([truth for truth, _ in pairs], [c.label for _, c in pairs], average="macro", zero_division=0)
        ),
        top_3=_mean([truth in [label for label, _ in choice.alternatives[:3]] for truth, choice in pairs]),
        calibration_error=_calibration_error(right, np.array([choice.probability for _, choice in pairs])),
    )


def _calibration_error(right: Any, probabilities: Any) -> float:
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    gaps = [
        abs(right[bins == b].mean() - probabilities[bins == b].mean()) * np.mean(bins == b) for b in np.unique(bins)
    ]
    return float(sum(gaps))


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else 0.0
