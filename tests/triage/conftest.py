"""A model trained once on a fixed part of the seed corpus: small, so that the tests start soon."""

from hashlib import sha256
from pathlib import Path

import pytest

from postroom.models.settings import Settings, load_settings
from postroom.triage.corpus import Example, seed
from postroom.triage.model import TriageModel
from postroom.triage.suggesting import Suggester
from postroom.triage.training import train

SIZE = 600


@pytest.fixture(scope="session")
def council() -> Settings:
    """The model council, for fixtures that live as long as the session."""
    return load_settings(Path(__file__).parents[2] / "config.yaml")


@pytest.fixture(scope="session")
def examples() -> list[Example]:
    """The same rows for the same corpus, mixed from all its files."""
    return sorted(seed(), key=lambda example: sha256(example.id.encode()).hexdigest())[:SIZE]


@pytest.fixture(scope="session")
def model(examples: list[Example], council: Settings) -> TriageModel:
    return train(examples, council)


@pytest.fixture(scope="session")
def suggester(model: TriageModel, council: Settings) -> Suggester:
    return Suggester(model, council)
