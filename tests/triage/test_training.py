from dataclasses import replace

import numpy as np
import pytest

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings
from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.model import TriageModel
from postroom.triage.suggesting import Suggester
from postroom.triage.training import example_weights, train

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


def test_labels_that_the_council_does_not_have_are_learned_and_never_suggested(council: Settings) -> None:
    gone = [_example(n, f"my bin {n}", Labels("enquiry", "none", "bins", "none", at_risk=False)) for n in range(4)]
    kept = [_example(n, f"my book {n}", Labels("enquiry", "none", "libraries", "none", at_risk=False)) for n in (5, 6)]
    model = train([*gone, *kept], council)
    assert model.heads["team"].labels == ("bins", "libraries")
    assert "bins" not in dict(Suggester(model, council).suggest(Text(body="my bin")).team.alternatives)


def test_shipped_examples_weigh_less_the_more_is_confirmed() -> None:
    first, later = example_weights(3, 0), example_weights(3, 400)
    assert first.tolist() == [1, 1, 1]
    assert later[:3].tolist() == [0.5, 0.5, 0.5]
    assert later[3:].min() > 0.5


def test_what_was_confirmed_outweighs_what_was_shipped(examples: list[Example], council: Settings) -> None:
    """The council's officers send to the libraries what the shipped examples send to the tip."""
    tip = [e for e in examples if e.labels.team == "waste"][:10]
    here = replace(tip[0].labels, team="libraries")
    confirmed = [replace(e, id=f"c{n}", labels=here, writer=f"c{n}", theme=f"c{n}") for n, e in enumerate(tip * 3)]
    suggester = Suggester(train(examples[:FEW] + tip, council, confirmed), council)
    assert suggester.suggest(tip[0].text).team.label == "libraries"


def test_no_examples_are_refused(council: Settings) -> None:
    with pytest.raises(ConfigurationError, match="got none"):
        train([], council)


def test_a_handful_of_examples_of_one_label_makes_a_model(council: Settings) -> None:
    labels = Labels("enquiry", "none", "waste", "none", at_risk=False)
    model = train([_example(n, f"when does the tip open {n}", labels) for n in range(4)], council)
    tip = council.model_copy(update={"teams": {"waste": council.teams["waste"]}})
    found = Suggester(model, tip).suggest(Text(body="when does the tip open"))
    assert (found.type.label, found.team.label, found.at_risk.label) == ("enquiry", "waste", False)
