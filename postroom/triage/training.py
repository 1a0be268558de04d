"""Examples to a model: a linear classifier for each target, calibrated on scores that it gave to unseen examples.

Unseen means by another writer on another theme. The same examples give the same model, to the bit, on one machine.
"""

import argparse
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings, load_settings
from postroom.triage import model_store
from postroom.triage.corpus import Example, Text, digest, problems_of, seed, text_digest
from postroom.triage.embedding import Embedding, Encoder, encoder_for
from postroom.triage.features import Reader, Reading, lower_case_words
from postroom.triage.model import AT_RISK, NOT_AT_RISK, Head, TriageModel, area_groups, category_head, softmax
from postroom.triage.sides import folds, near_groups
from postroom.triage.vectors import Vectoriser

log = logging.getLogger(__name__)

REGULARISATION = 1.0
"""LinearSVC's C, chosen by grouped cross-validation on the seed corpus."""
SEED_LASTS = 400
"""Confirmations after which a shipped example counts half of what it did. Measured: docs/decisions/0018."""
CONFIRMED_WEIGHT = 2.0
"""What a confirmed example counts, beside 1 for a shipped one on the first day."""
WRITERS_OF_A_WORD = 3
TEXTS = "texts.json"
LEAST_RECALL = 0.95
"""Of messages about somebody at risk, how many must be marked. A needless mark costs a look, a missed one more."""


def train(
    seed_examples: Sequence[Example],
    settings: Settings,
    confirmed: Sequence[Example] = (),
    encoder: Encoder | None = None,
) -> TriageModel:
    """A model of what is shipped and of what officers confirmed, which weighs more the more of it there is. With an
    `encoder` it learns from sentence embeddings too, and needs the same one to suggest.

    Labels that the council does not have are learned too, and never suggested. Raises `ConfigurationError` where there
    is nothing to learn from.
    """
    examples = [*seed_examples, *confirmed]
    if not examples:
        raise ConfigurationError(["a model needs examples; got none"])
    ordinary = _ordinary(seed_examples, confirmed)
    reader = Reader(settings, ordinary)
    readings = reader.read_many([example.text for example in examples])
    seeds = len(seed_examples)
    vectoriser = Vectoriser.fit([*readings[:seeds], *_by_writer(confirmed, readings[seeds:])])
    rows, groups = vectoriser.transform(readings), near_groups(examples)
    embedding = None
    if encoder is not None:
        embedding, embedded = Embedding.fit(encoder, readings)
        rows = hstack([rows, csr_matrix(embedded, dtype=np.float64)], format="csr")
    weights = example_weights(seeds, len(confirmed))
    figures: dict[str, Any] = {"examples": len(examples), "confirmations": len(confirmed)}
    heads: dict[str, Head] = {}
    for name, chosen, labels in _targets(examples, settings):
        heads[name], figures[name] = _head(rows[chosen], labels, groups[chosen], weights[chosen])
    at_risk = np.array([example.labels.at_risk for example in examples])
    heads["at_risk"], at_risk_from, figures["at_risk"] = _at_risk_head(rows, at_risk, groups, weights)
    return TriageModel(ordinary, vectoriser, heads, at_risk_from, digest(examples), figures, embedding)


def example_weights(seeds: int, confirmed: int) -> Any:
    """What each example counts: a shipped one less the more officers have confirmed."""
    fallen = SEED_LASTS / (SEED_LASTS + confirmed)
    return np.concatenate([np.full(seeds, fallen), np.full(confirmed, CONFIRMED_WEIGHT)])


def _ordinary(seed_examples: Sequence[Example], confirmed: Sequence[Example]) -> tuple[str, ...]:
    """Words that are no names. Of residents' messages only words that several people write: one may write a name so."""
    writers: dict[str, set[str]] = {}
    for writer, texts in _texts_by_writer(confirmed):
        for word in lower_case_words(texts):
            writers.setdefault(word, set()).add(writer)
    several = {word for word, those in writers.items() if len(those) >= WRITERS_OF_A_WORD}
    return tuple(sorted(lower_case_words(example.text for example in seed_examples) | several))


def _texts_by_writer(examples: Sequence[Example]) -> Iterator[tuple[str, list[Text]]]:
    ordered = sorted(examples, key=lambda example: example.writer)
    for writer, those in groupby(ordered, key=lambda example: example.writer):
        yield writer, [example.text for example in those]


def _by_writer(confirmed: Sequence[Example], readings: Sequence[Reading]) -> Iterator[Reading]:
    """All that one resident wrote as one reading, so that no term is kept which only one of them writes, however
    often."""
    written: dict[str, list[Reading]] = {}
    for example, reading in zip(confirmed, readings, strict=True):
        written.setdefault(example.writer, []).append(reading)
    for those in written.values():
        yield Reading("", tuple(form for reading in those for form in reading.forms), (), (), ())


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


def _classifier() -> LinearSVC:
    return LinearSVC(C=REGULARISATION, class_weight="balanced", random_state=0)


def _head(rows: csr_matrix, labels: Any, groups: Any, sample: Any) -> tuple[Head, dict[str, float]]:
    names = sorted(set(labels))
    if len(names) == 1:
        empty = np.zeros((rows.shape[1], 1), dtype=np.float32)
        return Head((str(names[0]),), empty, np.zeros(1, dtype=np.float32)), {}
    truth = np.searchsorted(names, labels)
    unseen = _unseen_scores(rows, truth, groups, sample, len(names))
    known = np.isfinite(unseen[np.arange(len(truth)), truth])
    temperature = _temperature(unseen[known], truth[known], sample[known])
    weights, bias = _weights(_classifier().fit(rows, truth, sample))
    head = Head(tuple(map(str, names)), _small(weights / temperature), _small(bias / temperature))
    return head, {"accuracy": float(np.mean(unseen.argmax(axis=1) == truth)), "temperature": temperature}


def _unseen_scores(rows: csr_matrix, truth: Any, groups: Any, sample: Any, count: int) -> Any:
    """Scores of each row by classifiers that learned from other groups; minus infinity for labels not among those."""
    scores = np.full((len(truth), count), -np.inf)
    for learned, measured in folds(groups):
        present = np.unique(truth[learned])
        if len(present) > 1:
            weights, bias = _weights(_classifier().fit(rows[learned], truth[learned], sample[learned]))
            scores[np.ix_(measured, present)] = rows[measured] @ weights + bias
    return scores


def _weights(classifier: LinearSVC) -> tuple[Any, Any]:
    """Weights and bias with a column for each label, also where there are only two."""
    if len(classifier.classes_) == 2:
        weights, bias = classifier.coef_[0], classifier.intercept_[0]
        return np.column_stack([-weights, weights]), np.array([-bias, bias])
    return classifier.coef_.T, classifier.intercept_


def _temperature(scores: Any, truth: Any, sample: Any) -> float:
    """What scores must be divided by for softmax to give honest probabilities (Guo and others 2017, section 4.2)."""
    if not len(truth):
        return 1.0

    def surprise(logarithm: float) -> float:
        probabilities = softmax(scores / np.exp(logarithm))
        right = np.maximum(probabilities[np.arange(len(truth)), truth], 1e-12)
        return float(np.average(-np.log(right), weights=sample))

    return float(np.exp(minimize_scalar(surprise, bounds=(-4.0, 2.0), method="bounded").x))


def _at_risk_head(rows: csr_matrix, at_risk: Any, groups: Any, sample: Any) -> tuple[Head, float, dict[str, float]]:
    """The head, and the highest probability from which `LEAST_RECALL` of the unseen cases at risk are marked."""
    labels = (NOT_AT_RISK, AT_RISK)
    empty = np.zeros((rows.shape[1], 2), dtype=np.float32)
    if at_risk.all() or not at_risk.any():
        return Head(labels, empty, np.array([0, 9 if at_risk.all() else -9], dtype=np.float32)), 0.5, {}
    truth = at_risk.astype(int)
    margins = _unseen_scores(rows, truth, groups, sample, 2)[:, 1]
    known = np.isfinite(margins)
    scale = LogisticRegression(C=1e6).fit(margins[known].reshape(-1, 1), truth[known], sample[known])
    slope, offset = float(scale.coef_[0, 0]), float(scale.intercept_[0])
    weights, bias = _weights(_classifier().fit(rows, truth, sample))
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
    examples = seed()
    if unknown := problems_of(examples, settings):
        log.warning("%s labels are not this council's: they are learned, and never suggested", len(unknown))
    model = train(examples, settings, encoder=encoder_for(settings))
    store(model, examples, folder)
    return model


def store(model: TriageModel, examples: Iterable[Example], folder: Path) -> None:
    """Store `model`, and beside it by which texts it learned: their digests alone."""
    model_store.save(model, folder)
    (folder / TEXTS).write_text(json.dumps(sorted({text_digest(example.text) for example in examples})))


def learned_texts(folder: Path) -> frozenset[str] | None:
    """The digests of the texts that the model in `folder` learned from; None where nothing says so."""
    try:
        return frozenset(json.loads((folder / TEXTS).read_text()))
    except (OSError, ValueError, TypeError):
        return None


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
