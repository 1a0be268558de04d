from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from postroom.models.message import Answer
from postroom.triage.heads import Examples, fit, fit_risk
from postroom.triage.model import NEVER, NO_TRUST, Trust, softmax
from postroom.triage.vectors import Floats


def _examples(rows: Floats, judged: Any = None) -> Examples:
    count = len(rows)
    everything = np.ones(count, bool)
    judged = everything if judged is None else judged
    return Examples(csr_matrix(rows), rows.shape[1], np.arange(count), np.ones(count), judged)


def _told_apart(draw: np.random.Generator, count: int, known: float) -> tuple[Floats, Any]:
    """Three labels, each with a word of its own, which tells it in the part `known` of the messages."""
    truth = draw.integers(0, 3, count)
    spoken = np.where(draw.random(count) < known, truth, draw.integers(0, 3, count))
    rows = draw.random((count, 20)) * 0.1
    rows[np.arange(count), spoken] += 1
    return rows, np.array(["bins", "lamps", "roads"])[truth]


def test_probabilities_are_as_high_as_unseen_messages_are_often_right() -> None:
    rows, labels = _told_apart(np.random.default_rng(1), 900, known=0.7)
    fitted = fit(_examples(rows), labels)
    said = softmax(rows @ fitted.head.weights + fitted.head.bias).max(axis=1)
    assert said.mean() == pytest.approx(fitted.figures["accuracy"], abs=0.03)
    assert fitted.figures["accuracy"] == pytest.approx(0.8, abs=0.05)


def test_what_is_not_right_often_enough_is_never_preselected_and_what_is_always_is() -> None:
    draw = np.random.default_rng(2)
    rows, labels = _told_apart(draw, 600, known=0.3)
    doubtful = fit(_examples(rows), labels).trust
    rows, labels = _told_apart(draw, 600, known=1.0)
    plain = fit(_examples(rows), labels).trust
    assert doubtful.preselected_from == NEVER
    assert plain.preselected_from < NEVER
    assert doubtful.offered_from < 1


def test_only_the_judged_examples_say_what_may_be_trusted() -> None:
    draw = np.random.default_rng(3)
    plain, doubtful = _told_apart(draw, 300, known=1.0), _told_apart(draw, 300, known=0.3)
    rows, labels = np.vstack([plain[0], doubtful[0]]), np.concatenate([plain[1], doubtful[1]])
    first = np.arange(600) < 300
    assert fit(_examples(rows, judged=first), labels).trust.preselected_from < NEVER
    assert fit(_examples(rows, judged=~first), labels).trust.preselected_from == NEVER
    assert fit(_examples(rows, judged=first & ~first), labels).trust == NO_TRUST


def test_the_likeliest_is_chosen_or_three_are_offered_or_the_officer_decides() -> None:
    trust = Trust(preselected_from=0.9, offered_from=0.8)
    assert trust.answer([0.92, 0.05, 0.03]) is Answer.PRESELECTED
    assert trust.answer([0.5, 0.2, 0.15, 0.1]) is Answer.OFFERED
    assert trust.answer([0.3, 0.2, 0.15, 0.1, 0.1]) is Answer.OPEN
    assert trust.answer([0.6, 0.4]) is Answer.OFFERED


def test_a_needless_mark_is_taken_for_a_missed_one() -> None:
    """The word of danger stands in all messages about it but for a few, and in three of ten others."""
    draw = np.random.default_rng(4)
    at_risk = draw.random(800) < 0.1
    rows = draw.random((800, 10)) * 0.1
    rows[:, 0] += np.where(at_risk, draw.random(800) < 0.98, draw.random(800) < 0.3)
    _, at_risk_from, figures = fit_risk(_examples(rows), at_risk)
    assert figures["recall"] >= 0.95
    assert at_risk_from < 0.5


def test_a_single_case_at_risk_makes_a_head_too() -> None:
    rows = np.random.default_rng(5).random((12, 4))
    _, at_risk_from, figures = fit_risk(_examples(rows), np.arange(12) == 3)
    assert (at_risk_from, figures) == (0.5, {})
