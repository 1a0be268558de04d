"""A model trained once on a fixed part of the seed corpus: small, so that the tests start soon."""

from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import Engine

from postroom.models.settings import Settings, load_settings
from postroom.triage.corpus import Example, seed
from postroom.triage.model import TriageModel
from postroom.triage.model_store import folder_of
from postroom.triage.suggesting import Suggester
from postroom.triage.training import store, train
from tests.triage.office import Office

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


@pytest.fixture(scope="session")
def shipped(council: Settings) -> Suggester:
    """The model that every council begins with, of the whole seed corpus."""
    return Suggester.load(folder_of(council), council)


@pytest.fixture
def office(sqlite: Engine) -> Office:
    """A council in an empty database."""
    return Office(sqlite)


@pytest.fixture(scope="session")
def shipped_examples(examples: list[Example]) -> list[Example]:
    """What the shipped model of a `learning_council` learned from."""
    return examples[:200]


@pytest.fixture(scope="session")
def shipped_folder(
    shipped_examples: list[Example], council: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("shipped")
    store(train(shipped_examples, council), shipped_examples, folder)
    return folder


@pytest.fixture
def learning_council(council: Settings, shipped_folder: Path, tmp_path: Path) -> Settings:
    """The model council, whose shipped model is the small one, with an empty folder for models that learn."""
    folders = {"model": shipped_folder, "models": tmp_path / "models"}
    return council.model_copy(update={"triage": council.triage.model_copy(update=folders)})
