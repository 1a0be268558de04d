from dataclasses import replace

import pytest

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings
from postroom.triage.corpus import Example
from postroom.triage.evaluating import Report, agree, evaluate, evaluate_each_file, learning_curve
from postroom.triage.suggesting import Suggester


@pytest.fixture(scope="module")
def report(examples: list[Example], suggester: Suggester, council: Settings) -> Report:
    return evaluate(examples[:120], suggester, council)


def test_messages_that_were_learned_from_are_known(report: Report, suggester: Suggester) -> None:
    assert (report.messages, report.given_by) == (120, suggester.version)
    assert report.targets["type"].accuracy.value == pytest.approx(1, abs=0.05)
    assert report.pair.value == pytest.approx(1, abs=0.05)
    assert report.at_risk.recall.value == pytest.approx(1, abs=0.1)


def test_what_is_counted_adds_up(report: Report) -> None:
    type_ = report.targets["type"]
    assert sum(label.messages for label in type_.labels) == sum(map(sum, type_.confusion)) == 120
    assert type_.calibration is not None
    assert sum(found.messages for found in type_.calibration.bins) == 120
    assert type_.coverage[-1].precision == type_.accuracy.value
    assert report.category_of_all.messages >= report.targets["category"].accuracy.messages > 50


def test_each_message_gets_one_of_three_answers(report: Report) -> None:
    for name in ("type", "team"):
        answers = report.targets[name].answers
        assert [each.answer for each in answers] == ["preselected", "offered", "open"]
        assert sum(each.share for each in answers) == pytest.approx(1)
        assert (answers[0].right or 0) > 0.9


def test_slices_are_by_channel_and_length(report: Report) -> None:
    assert {"email", "chat", "up to 20 words", "21 to 60 words"} <= set(report.slices)
    by_length = [figures["messages"] for name, figures in report.slices.items() if "words" in name]
    assert sum(count for count in by_length if count) == 120


def test_each_file_is_measured_by_a_model_that_never_saw_it(examples: list[Example], council: Settings) -> None:
    found = dict(evaluate_each_file({"a": examples[:60], "b": examples[60:120]}, council))
    assert [report.messages for report in found.values()] == [60, 60, 120]
    assert len({report.given_by for report in found.values()}) == 3


def test_two_officers_agree_with_themselves_and_less_with_another(examples: list[Example], council: Settings) -> None:
    some = examples[:40]
    same = agree(some, some[::-1], council)
    assert same.targets["type"].agreement == same.targets["team"].accuracy.value == 1
    assert same.targets["type"].calibration is None
    other = [replace(some[0], labels=replace(some[0].labels, team="nobody")), *some[1:]]
    assert agree(some, other, council).targets["team"].accuracy.value == pytest.approx(39 / 40)
    assert agree(some, other, council).targets["team"].agreement == pytest.approx(0.974, abs=0.01)


def test_officers_who_labelled_other_messages_can_not_be_compared(examples: list[Example], council: Settings) -> None:
    with pytest.raises(ConfigurationError, match=examples[1].id):
        agree(examples[:1], examples[:2], council)


def test_the_curve_starts_with_the_seed_alone(examples: list[Example], council: Settings) -> None:
    curve = learning_curve(examples[:60], examples[60:120], council)
    assert list(curve) == [0, 25]
    assert all(figures["messages"] for figures in curve.values())


def test_nothing_is_not_measured(suggester: Suggester, council: Settings) -> None:
    with pytest.raises(ConfigurationError, match="no messages"):
        evaluate([], suggester, council)
