"""Examples to a model: a linear classifier for each target, calibrated on scores that it gave to unseen examples.

Unseen means by another writer on another theme. The same examples give the same model, to the bit, on one machine.
"""

import argparse
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings, load_settings
from postroom.triage import model_store
from postroom.triage.corpus import Example, digest, problems_of, seed
from postroom.triage.features import Reader, lower_case_words
from postroom.triage.model import AT_RISK, NOT_AT_RISK, Head, TriageModel, area_groups, category_head, softmax
from postroom.triage.sides import folds, near_groups
from postroom.triage.vectors import Vectoriser

log = logging.getLogger(__name__)

REGULARISATION = 1.0
"""LinearSVC's C, chosen by grouped cross-validation on the seed corpus."""
LEAST_RECALL = 0.95
"""Of messages about somebody at risk, how many must be marked. A needless mark costs a look, a missed one more."""


def train(examples: Sequence[Example], settings: Settings) -> TriageModel:
    """A model of `examples`. Raises `ConfigurationError` where labels don't belong to the council's closed sets."""
    if not examples:
        raise ConfigurationError(["a model needs examples; got none"])
    if problems := problems_of(examples, settings):
        raise ConfigurationError(problems)
    ordinary = tuple(sorted(lower_case_words(example.text for example in examples)))
    reader = Reader(settings, ordinary)
    readings = [reader.read(example.text) for example in examples]
    vectoriser = Vectoriser.fit(readings)
    rows, groups = vectoriser.transform(readings), near_groups(examples)
    figures: dict[str, Any] = {"examples": len(examples)}
    heads: dict[str, Head] = {}
    for name, chosen, labels in _targets(examples, settings):
        heads[name], figures[name] = _head(rows[chosen], labels, groups[chosen])
    at_risk = np.array([example.labels.at_risk for example in examples])
    heads["at_risk"], at_risk_from, figures["at_risk"] = _at_risk_head(rows, at_risk, groups)
    return TriageModel(ordinary, vectoriser, heads, at_risk_from, digest(examples), figures)


def _targets(examples: Sequence[Example], settings: Settings) -> Iterator[tuple[str, Any, Any]]:
    """Each head's name, the positions of the examples that it learns from, and their labels."""
    everything = np.arange(len(examples))
    groups = area_groups(settings)
    types = np.array([example.labels.type for example in examples])
    yield "type", everything, types
    yield "team", everything, np.array([groups.get(e.labels.team, e.labels.team) for e in examples])
    yield "exclusion", everything, np.array([example.labels.exclusion for example in examples])
    categories = np.array([example.labels.category for example in examples])
    for type_ in settings.categories:
        chosen = np.flatnonzero(types == type_)
        if len(chosen):
            yield category_head(type_), chosen, categories[chosen]


def _classifier(*, balanced: bool) -> LinearSVC:
    return LinearSVC(C=REGULARISATION, class_weight="balanced" if balanced else None, random_state=0)


def _head(rows: csr_matrix, labels: Any, groups: Any) -> tuple[Head, dict[str, float]]:
    names = sorted(set(labels))
    if len(names) == 1:
        empty = np.zeros((rows.shape[1], 1), dtype=np.float32)
        return Head((str(names[0]),), empty, np.zeros(1, dtype=np.float32)), {}
    truth = np.searchsorted(names, labels)
    unseen = _unseen_scores(rows, truth, groups, len(names))
    known = np.isfinite(unseen[np.arange(len(truth)), truth])
    temperature = _temperature(unseen[known], truth[known])
    weights, bias = _weights(_classifier(balanced=True).fit(rows, truth))
    head = Head(tuple(map(str, names)), _small(weights / temperature), _small(bias / temperature))
    return head, {"accuracy": float(np.mean(unseen.argmax(axis=1) == truth)), "temperature": temperature}


def _unseen_scores(rows: csr_matrix, truth: Any, groups: Any, count: int) -> Any:
    """Scores of each row by classifiers that learned from other groups; minus infinity for labels not among those."""
    scores = np.full((len(truth), count), -np.inf)
    for learned, measured in folds(groups):
        present = np.unique(truth[learned])
        if len(present) > 1:
            weights, bias = _weights(_classifier(balanced=True).fit(rows[learned], truth[learned]))
            scores[np.ix_(measured, present)] = rows[measured] @ weights + bias
    return scores


def _weights(classifier: LinearSVC) -> tuple[Any, Any]:
    """Weights and bias with a column for each label, also where there are only two."""
    if len(classifier.classes_) == 2:
        weights, bias = classifier.coef_[0], classifier.intercept_[0]
        return np.column_stack([-weights, weights]), np.array([-bias, bias])
    return classifier.coef_.T, classifier.intercept_


def _temperature(scores: Any, truth: Any) -> float:
    """What scores must be divided by for softmax to give honest probabilities (Guo and others 2017, section 4.2)."""
    if not len(truth):
        return 1.0

    def surprise(logarithm: float) -> float:
        probabilities = softmax(scores / np.exp(logarithm))
        return float(-np.log(np.maximum(probabilities[np.arange(len(truth)), truth], 1e-12)).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-4.0, 2.0), method="bounded").x))


def _at_risk_head(rows: csr_matrix, at_risk: Any, groups: Any) -> tuple[Head, float, dict[str, float]]:
    """The head, and the highest probability from which `LEAST_RECALL` of the unseen cases at risk are marked."""
    labels = (NOT_AT_RISK, AT_RISK)
    empty = np.zeros((rows.shape[1], 2), dtype=np.float32)
    if at_risk.all() or not at_risk.any():
        return Head(labels, empty, np.array([0, 9 if at_risk.all() else -9], dtype=np.float32)), 0.5, {}
    truth = at_risk.astype(int)
    margins = _unseen_scores(rows, truth, groups, 2)[:, 1]
    known = np.isfinite(margins)
    scale = LogisticRegression(C=1e6).fit(margins[known].reshape(-1, 1), truth[known])
    slope, offset = float(scale.coef_[0, 0]), float(scale.intercept_[0])
    weights, bias = _weights(_classifier(balanced=True).fit(rows, truth))
    probabilities = 1 / (1 + np.exp(-(slope * margins[known] + offset)))
    found = np.sort(probabilities[truth[known] == 1])
    at_risk_from = float(found[int((1 - LEAST_RECALL) * len(found))])
    marked = probabilities >= at_risk_from
    head = Head(
        labels,
        _small(np.column_stack([np.zeros(rows.shape[1]), slope * weights[:, 1]])),
        _small(np.array([0.0, slope * bias[1] + offset])),
    )
    figures = {"recall": float(np.mean(found >= at_risk_from)), "precision": float(np.mean(truth[known][marked]))}
    return head, at_risk_from, figures


def _small(array: Any) -> Any:
    return np.ascontiguousarray(array, dtype=np.float32)


def build(settings: Settings, folder: Path) -> TriageModel:
    """Train on the seed corpus and store the model in `folder`."""
    model = train(seed(), settings)
    model_store.save(model, folder)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the triage model that Postroom suggests with.")
    parser.add_argument("folder", nargs="?", type=Path, help="where to store it; else where the configuration says")
    parser.add_argument("--config", type=Path, default=Path("config.yaml"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = load_settings(arguments.config)
    folder = arguments.folder or model_store.folder_of(settings)
    model = build(settings, folder)
    log.info("Model %s of %s examples is in %s", model.version, model.figures["examples"], folder)


if __name__ == "__main__":
    main()
