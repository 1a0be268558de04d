import numpy as np
import pytest

from postroom.triage.measures import (
    calibration,
    confusion,
    coverage,
    interval,
    kappa,
    macro_f1,
    mean,
    of_labels,
)

TRUTH = ["a", "a", "a", "b", "b", "c"]
GIVEN = ["a", "a", "b", "b", "b", "a"]


def test_confusion_has_a_row_for_what_is_and_a_column_for_what_was_given() -> None:
    labels, counts = confusion(TRUTH, GIVEN)
    assert labels == ["a", "b", "c"]
    assert counts.tolist() == [[2, 1, 0], [0, 2, 0], [1, 0, 0]]


def test_precision_is_of_those_given_and_recall_of_those_that_are() -> None:
    a, b, c = of_labels(*confusion(TRUTH, GIVEN))
    assert a.messages == 3
    assert [a.precision, a.recall] == pytest.approx([2 / 3, 2 / 3])
    assert [b.precision, b.recall] == pytest.approx([2 / 3, 1])
    assert (c.precision, c.recall) == (None, 0.0)


def test_macro_f1_counts_each_label_alike() -> None:
    assert macro_f1(confusion(TRUTH, GIVEN)[1]) == pytest.approx((2 / 3 + 4 / 5 + 0) / 3)
    assert macro_f1(np.zeros((2, 2), int)) is None


def test_kappa_is_one_for_the_same_labels_and_nothing_for_chance() -> None:
    assert kappa(confusion(TRUTH, TRUTH)[1]) == 1
    assert kappa(confusion(["a", "a", "b", "b"], ["a", "b", "a", "b"])[1]) == 0


def test_probabilities_that_say_too_much_have_an_error() -> None:
    found = calibration(np.array([1.0, 0.0, 1.0, 1.0]), np.array([0.95, 0.95, 0.55, 0.55]))
    assert [(b.messages, b.right) for b in found.bins] == [(2, 1.0), (2, 0.5)]
    assert found.error == pytest.approx((0.45 + 0.45) / 2)
    assert calibration(np.zeros(0), np.zeros(0)).error == 0


def test_the_surest_come_first() -> None:
    found = coverage(np.array([1.0] * 10 + [0.0] * 10), np.linspace(1, 0.05, 20))
    assert found[9].coverage == 0.5
    assert (found[9].precision, found[-1].precision) == (1.0, 0.5)
    assert found[-1].least_probability == pytest.approx(0.05)


def test_an_interval_holds_the_figure_and_is_the_same_each_time() -> None:
    values = np.array([1.0] * 80 + [0.0] * 20)
    one, other = (interval(100, lambda drawn: mean(values[drawn])) for _ in range(2))
    assert one == other
    assert one is not None
    assert 0.65 < one.low < 0.8 < one.high < 0.95
    assert interval(1, lambda drawn: mean(values[drawn])) is None
