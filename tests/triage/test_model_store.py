import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from postroom.models.failures import ModelRefused
from postroom.models.settings import Settings
from postroom.triage.corpus import Text
from postroom.triage.model import TriageModel
from postroom.triage.model_store import folder_of, load, save
from postroom.triage.suggesting import Suggester

MESSAGE = Text(body="I reported the pothole in Bilton in March and nobody has come.")


@pytest.fixture
def folder(model: TriageModel, tmp_path: Path) -> Path:
    save(model, tmp_path / "model")
    return tmp_path / "model"


def test_a_stored_model_suggests_as_before(folder: Path, suggester: Suggester, council: Settings) -> None:
    assert Suggester.load(folder, council).suggest(MESSAGE) == suggester.suggest(MESSAGE)


def test_the_manifest_says_what_the_model_is(folder: Path, model: TriageModel) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["version"] == model.version
    assert manifest["data"] == model.data
    assert manifest["labels"]["exclusion"] == sorted(manifest["labels"]["exclusion"])
    assert set(manifest["sha256"]) == {"terms.json", "weights.npz"}
    assert "accuracy" in manifest["figures"]["type"]
    assert manifest["made_with"]["scikit-learn"]


def test_saving_again_replaces_the_model(folder: Path, model: TriageModel) -> None:
    save(model, folder)
    assert load(folder).version == model.version


def _flip_a_byte(folder: Path) -> None:
    content = bytearray((folder / "weights.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "weights.npz").write_bytes(content)


def _change_a_term(folder: Path) -> None:
    terms = (folder / "terms.json").read_text()
    (folder / "terms.json").write_text(terms.replace("pothole", "potholf", 1))


def _pickle(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    np.savez(folder / "weights.npz", allow_pickle=True, **{"bias:type": np.array([object()])})
    manifest["sha256"]["weights.npz"] = sha256((folder / "weights.npz").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _manifest(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}))

    return change


@pytest.mark.parametrize(
    "tamper",
    [
        _flip_a_byte,
        _change_a_term,
        _pickle,
        _manifest(format=1),
        _manifest(version="000000000000"),
        _manifest(rules="0"),
        _manifest(at_risk_from=0.9),
        _manifest(trust={}),
        _manifest(labels={}),
        _manifest(sha256=None),
        lambda folder: (folder / "manifest.json").write_text("[]"),
        lambda folder: (folder / "manifest.json").write_text("{"),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: (folder / "weights.npz").unlink(),
    ],
)
def test_a_model_that_is_not_what_it_says_is_refused(folder: Path, tamper: Callable[[Path], None]) -> None:
    tamper(folder)
    with pytest.raises(ModelRefused, match=folder.name):
        load(folder)


def test_no_model_is_refused_with_the_way_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="make model"):
        load(tmp_path / "none")


def test_the_configuration_says_where_the_model_is(council: Settings, tmp_path: Path) -> None:
    assert folder_of(council).parts[-3:] == ("postroom", "triage", "model")
    elsewhere = council.model_copy(update={"triage": council.triage.model_copy(update={"model": tmp_path})})
    assert folder_of(elsewhere) == tmp_path
