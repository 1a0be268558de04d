"""The shipped model on messages of writers who had not seen the corpus. No model learns from them."""

from itertools import chain
from pathlib import Path

import pytest

from postroom.models.settings import Settings
from postroom.triage.corpus import Example, read_labelled, seed, text_digest
from postroom.triage.evaluating import Report, evaluate, main_figures
from postroom.triage.model_store import folder_of
from postroom.triage.suggesting import Suggester
from postroom.triage.training import learned_texts

FILES = sorted((Path(__file__).parent / "outside").glob("*.jsonl"))
AIMS = {
    "type macro-F1": 0.90,
    "pair": 0.93,
    "team": 0.85,
    "team in three": 0.95,
    "category": 0.75,
    "exclusion macro-F1": 0.80,
    "at-risk recall": 0.95,
    "at-risk precision": 0.50,
}


@pytest.fixture(scope="module")
def outside(council: Settings) -> list[Example]:
    return list(chain.from_iterable(read_labelled(file, council) for file in FILES))


@pytest.fixture(scope="module")
def report(outside: list[Example], shipped: Suggester, council: Settings) -> Report:
    return evaluate(outside, shipped, council)


@pytest.mark.parametrize("name", AIMS)
def test_the_shipped_model_reaches_its_aims_on_messages_of_others(report: Report, name: str) -> None:
    figure = main_figures(report)[name]
    assert figure is not None
    assert figure >= AIMS[name]


def test_its_probabilities_of_type_and_category_are_honest_there(report: Report) -> None:
    for target in ("type", "category", "exclusion"):
        found = report.targets[target].calibration
        assert found is not None
        assert found.error < 0.04


def test_no_model_learns_from_them(outside: list[Example], council: Settings) -> None:
    texts = {text_digest(example.text) for example in outside}
    assert len(texts) == len(outside)
    assert texts.isdisjoint(text_digest(example.text) for example in seed())
    assert texts.isdisjoint(learned_texts(folder_of(council)) or ())
