from dataclasses import replace

from postroom.models.settings import Settings
from postroom.triage.corpus import Example
from postroom.triage.evaluating import evaluate


def test_each_example_is_measured_and_better_than_guessing(examples: list[Example], council: Settings) -> None:
    report = evaluate(examples[:150], council)
    assert report.examples == 150
    assert report.type.accuracy > 0.5
    assert report.pair > 0.6
    assert report.team.top_3 > report.team.accuracy > 0.2
    for target in (report.type, report.category, report.team, report.exclusion):
        assert 0 <= target.calibration_error < 0.35
        assert 0 < target.macro_f1 <= 1
    assert report.at_risk_recall > 0.5
    assert report.as_json()["type"]["accuracy"] == report.type.accuracy


def test_labels_that_say_nothing_of_the_text_can_not_be_learned(examples: list[Example], council: Settings) -> None:
    some = examples[:100]
    shuffled = [replace(one, labels=other.labels) for one, other in zip(some, some[1:] + some[:1], strict=True)]
    assert evaluate(shuffled, council).type.accuracy < 0.45
