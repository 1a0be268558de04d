import numpy as np
import pytest

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings
from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.model import TriageModel
from postroom.triage.suggesting import Suggester
from postroom.triage.training import train

FEW = 120


def _example(number: int, body: str, labels: Labels) -> Example:
    return Example(str(number), Text(body=body), labels, f"writer {number}", f"theme {number}")


def test_the_same_examples_give_the_same_model(examples: list[Example], council: Settings) -> None:
    one, other = train(examples[:FEW], council), train(examples[:FEW], council)
    assert one.version == other.version
    assert one.data == other.data
    assert all(np.array_equal(one.heads[name].weights, other.heads[name].weights) for name in one.heads)


def test_other_examples_give_another_version(examples: list[Example], council: Settings) -> None:
    assert train(examples[:FEW], council).version != train(examples[1 : FEW + 1], council).version


def test_most_of_those_at_risk_that_were_not_seen_are_marked(model: TriageModel) -> None:
    assert model.figures["at_risk"]["recall"] >= 0.95
    assert 0 < model.at_risk_from < 1


def test_labels_of_another_council_are_refused(council: Settings) -> None:
    wrong = _example(1, "hello", Labels("enquiry", "none", "bins", "none", at_risk=False))
    with pytest.raises(ConfigurationError, match="1: team: expected one of"):
        train([wrong], council)


def test_no_examples_are_refused(council: Settings) -> None:
    with pytest.raises(ConfigurationError, match="got none"):
        train([], council)


def test_a_handful_of_examples_of_one_label_makes_a_model(council: Settings) -> None:
    labels = Labels("enquiry", "none", "waste", "none", at_risk=False)
    model = train([_example(n, f"when does the tip open {n}", labels) for n in range(4)], council)
    found = Suggester(model, council).suggest(Text(body="when does the tip open"))
    assert (found.type.label, found.team.label, found.at_risk.label) == ("enquiry", "waste", False)
