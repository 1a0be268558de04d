"""Labelled rows to a head: two linear classifiers as one, honest probabilities, and from when on these can be trusted.

A support vector machine draws borders between labels, naive Bayes counts what each label's messages say; where words
are few or new they err apart. Their scores are weighed and added (a logarithmic pool), so a head is as plain as one of
them. All that is fitted besides is fitted on scores of unseen examples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, vstack
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.svm import LinearSVC

from postroom.triage.model import AT_RISK, NEVER, NOT_AT_RISK, Head, Trust, softmax
from postroom.triage.sides import folds

REGULARISATION = 1.0
"""LinearSVC's C, chosen by grouped cross-validation on the seed corpus."""
SMOOTHING = 0.01
"""What naive Bayes adds to how much of each term a label has. Chosen in the same way: docs/decisions/0013."""
POOLED_FROM = (2.5, 0.15)
"""The weights of the two that the search begins at, and what they are where nothing is unseen."""
EXPECTED_RIGHT = 0.9
"""From when on a label is chosen for the officer, or three are offered: so many are expected to be right."""
ENOUGH = 30
"""Unseen messages that must be as probable, or more: the surest few may be right by chance."""
LEAST_RECALL = 0.97
"""Of messages about somebody at risk, how many must be marked. A needless mark costs a look, a missed one more."""


@dataclass(frozen=True)
class Taught:
    """Rows that are learned from besides, and never measured on."""

    rows: csr_matrix
    labels: Any
    weight: float
    """What each of them counts."""

    def of(self, labels: Any) -> "Taught":
        """Those of these labels."""
        chosen = np.isin(self.labels, labels)
        return Taught(self.rows[chosen], self.labels[chosen], self.weight)


@dataclass(frozen=True)
class Examples:
    """What a head learns from. `rows` have `terms` columns of the vectoriser, and perhaps an embedding after them."""

    rows: csr_matrix
    terms: int
    groups: Any
    """No group is learned from and measured on."""
    weights: Any
    """What each example counts."""
    judged: Any
    """Whether it says what may be trusted."""
    taught: Taught | None = None

    def only(self, chosen: Any) -> "Examples":
        """Those at the positions `chosen`."""
        groups, weights, judged = self.groups[chosen], self.weights[chosen], self.judged[chosen]
        return Examples(self.rows[chosen], self.terms, groups, weights, judged, self.taught)

    def without(self, hidden: Any) -> "Examples":
        """The same without the columns `hidden`, which are the vectoriser's."""
        seen = np.setdiff1d(np.arange(self.rows.shape[1]), hidden)
        taught = self.taught and replace(self.taught, rows=self.taught.rows[:, seen])
        return replace(self, rows=self.rows[:, seen], terms=self.terms - len(hidden), taught=taught)

    def numbered(self, names: Sequence[str]) -> "Examples":
        """The same with the labels of what is taught as their numbers in `names`, and nothing of other labels."""
        if self.taught is None:
            return self
        taught = self.taught.of(names)
        return replace(self, taught=replace(taught, labels=np.searchsorted(names, taught.labels)))


@dataclass(frozen=True)
class Fitted:
    head: Head
    trust: Trust
    figures: dict[str, float]
    """How well it does on unseen examples."""


def fit(examples: Examples, labels: Any) -> Fitted:
    """The head that tells the labels apart."""
    names = sorted(set(labels))
    if len(names) == 1:
        empty = np.zeros((examples.rows.shape[1], 1), dtype=np.float32)
        return Fitted(Head((str(names[0]),), empty, np.zeros(1, dtype=np.float32)), Trust(0.0, 0.0), {})
    truth = np.searchsorted(names, labels)
    examples = examples.numbered(names)
    unseen = _unseen(examples, truth, len(names))
    known = np.isfinite(unseen[0][np.arange(len(truth)), truth])
    pool = _pool(unseen[:, known], truth[known], examples.weights[known])
    weights, bias = _pooled(_learned(examples, truth), pool)
    probabilities = softmax(np.tensordot(pool, unseen[:, known], 1))
    judged = examples.judged[known]
    trust = _trust(probabilities[judged], truth[known][judged], examples.weights[known][judged])
    accuracy = float(np.sum(probabilities.argmax(axis=1) == truth[known]) / len(truth))
    figures = {"accuracy": accuracy, "borders": float(pool[0]), "counts": float(pool[1])}
    return Fitted(Head(tuple(map(str, names)), _small(weights), _small(bias)), trust, figures)


def fit_risk(examples: Examples, at_risk: Any) -> tuple[Head, float, dict[str, float]]:
    """The head, and the highest probability from which `LEAST_RECALL` of the unseen cases at risk are marked."""
    labels = (NOT_AT_RISK, AT_RISK)
    columns = examples.rows.shape[1]
    if at_risk.all() or not at_risk.any():
        sure = np.array([0, 9 if at_risk.all() else -9], dtype=np.float32)
        return Head(labels, np.zeros((columns, 2), dtype=np.float32), sure), 0.5, {}
    truth = at_risk.astype(int)
    unseen = _unseen(examples, truth, 2)
    known = np.isfinite(unseen[0]).all(axis=1)
    margins, truth_known = (unseen[:, known, 1] - unseen[:, known, 0]).T, truth[known]
    slopes, offset = _scale(margins, truth_known, examples.weights[known])
    probabilities = 1 / (1 + np.exp(-(margins @ slopes + offset)))
    found = np.sort(probabilities[truth_known == 1])
    at_risk_from = float(found[int((1 - LEAST_RECALL) * len(found))]) if len(found) else 0.5
    marked = probabilities >= at_risk_from
    weights, bias = _pooled(_learned(examples, truth), slopes)
    head = Head(
        labels,
        _small(np.column_stack([np.zeros(columns), weights[:, 1] - weights[:, 0]])),
        _small(np.array([0.0, bias[1] - bias[0] + offset])),
    )
    if not len(found):
        return head, at_risk_from, {}
    figures = {"recall": float(np.mean(found >= at_risk_from)), "precision": float(np.mean(truth_known[marked]))}
    return head, at_risk_from, figures


_Learned = tuple[Any, Any]
"""Weights with a column for each label that was there, and their biases."""


def _learned(examples: Examples, truth: Any) -> Iterator[_Learned]:
    """What each of the two classifiers makes of the rows."""
    rows, sample = examples.rows, examples.weights
    if examples.taught is not None:
        taught = examples.taught.of(np.unique(truth))
        rows = vstack([rows, taught.rows], format="csr")
        truth = np.concatenate([truth, taught.labels])
        sample = np.concatenate([sample, np.full(len(taught.labels), taught.weight)])
    borders = LinearSVC(C=REGULARISATION, class_weight="balanced", random_state=0).fit(rows, truth, sample)
    if len(borders.classes_) == 2:
        weights, bias = borders.coef_[0], borders.intercept_[0]
        yield np.column_stack([-weights, weights]), np.array([-bias, bias])
    else:
        yield borders.coef_.T, borders.intercept_
    counts = MultinomialNB(alpha=SMOOTHING, fit_prior=False).fit(rows[:, : examples.terms], truth, sample)
    spoken = counts.feature_log_prob_ - counts.feature_log_prob_.mean(axis=0)
    beside = np.zeros((rows.shape[1] - examples.terms, len(spoken)))
    yield np.vstack([spoken.T, beside]), np.zeros(len(spoken))


def _unseen(examples: Examples, truth: Any, count: int) -> Any:
    """For each classifier the scores of each row, where it learned from other groups; for a label that was not among
    those minus infinity from the first, and nothing from the second."""
    scores = np.stack([np.full((len(truth), count), -np.inf), np.zeros((len(truth), count))])
    for learned, measured in folds(examples.groups):
        present = np.unique(truth[learned])
        if len(present) > 1:
            of_these = enumerate(_learned(examples.only(learned), truth[learned]))
            for classifier, (weights, bias) in of_these:
                scores[classifier][np.ix_(measured, present)] = examples.rows[measured] @ weights + bias
    return scores


def _pool(scores: Any, truth: Any, sample: Any) -> Any:
    """By what the classifiers' scores must be multiplied for softmax of their sum to give honest probabilities: a
    temperature for each (Guo and others 2017, section 4.2)."""
    if not len(truth):
        return np.array(POOLED_FROM)

    def surprise(logarithms: Any) -> float:
        probabilities = softmax(np.tensordot(np.exp(logarithms), scores, 1))
        right = np.maximum(probabilities[np.arange(len(truth)), truth], 1e-12)
        return float(np.average(-np.log(right), weights=sample))

    found = minimize(surprise, np.log(POOLED_FROM), method="Nelder-Mead", bounds=[(-4, 4), (-9, 1)])
    return np.exp(found.x)


def _scale(margins: Any, truth: Any, sample: Any) -> tuple[Any, float]:
    """By what each classifier's margin must be multiplied, and what added, for an honest probability (Platt 1999)."""
    if len(set(truth)) < 2:
        return np.array(POOLED_FROM), 0.0
    scale = LogisticRegression(C=1e6, max_iter=1000).fit(margins, truth, sample)
    return scale.coef_[0].clip(0), float(scale.intercept_[0])


def _pooled(learned: Iterator[_Learned], pool: Any) -> _Learned:
    weights, biases = zip(*learned, strict=True)
    return sum(map(np.multiply, pool, weights)), sum(map(np.multiply, pool, biases))


def _trust(probabilities: Any, truth: Any, sample: Any) -> Trust:
    likeliest = np.argsort(-probabilities, axis=1, kind="stable")[:, :3]
    right = likeliest == truth[:, None]
    sure = np.take_along_axis(probabilities, likeliest, axis=1)
    return Trust(_least(sure[:, 0], right[:, 0], sample), _least(sure.sum(axis=1), right.any(axis=1), sample))


def _least(probabilities: Any, right: Any, sample: Any) -> float:
    """The least probability at which `EXPECTED_RIGHT` were right, where being right rises with the probability. Told in
    thousandths, as the sum of three probabilities that were rounded still reaches it."""
    if not len(right):
        return NEVER
    rising = IsotonicRegression(out_of_bounds="clip").fit(probabilities, right.astype(float), sample)
    enough = probabilities[rising.predict(probabilities) >= EXPECTED_RIGHT]
    return float(np.floor(enough.min() * 1000) / 1000) if len(enough) >= ENOUGH else NEVER


def _small(array: Any) -> Any:
    return np.ascontiguousarray(array, dtype=np.float32)
