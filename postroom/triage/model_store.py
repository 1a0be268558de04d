"""A model as a folder: `manifest.json`, `terms.json` and `weights.npz`. Nothing in it can run: no pickle is ever read.

Digests find a damaged or mixed-up folder. They are no signature: whoever may write the folder may change suggestions.
"""

import hashlib
import json
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from postroom.models.failures import ModelRefused
from postroom.models.settings import Settings
from postroom.triage.embedding import Embedding, Encoder
from postroom.triage.model import Head, TriageModel, Trust
from postroom.triage.signals import rules_digest
from postroom.triage.vectors import Vectoriser

FORMAT = 3
_MANIFEST, _TERMS, _WEIGHTS = "manifest.json", "terms.json", "weights.npz"
_LIBRARIES = ("numpy", "scikit-learn", "scipy", "spacy")


def folder_of(settings: Settings) -> Path:
    """Where the configuration says that the model is: by default beside this file, where `make` puts it."""
    if settings.triage.model is not None:
        return settings.path(settings.triage.model)
    return Path(__file__).parent / "model"


def save(model: TriageModel, folder: Path) -> None:
    """Store `model` in `folder`. The manifest goes first and comes last: a save cut short is refused on loading."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MANIFEST).unlink(missing_ok=True)
    terms = {"ordinary": list(model.ordinary), **model.vectoriser.terms, "services": dict(model.services)}
    (folder / _TERMS).write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")
    arrays = {f"rarity:{part}": array for part, array in model.vectoriser.rarities.items()}
    for name, head in model.heads.items():
        arrays |= {f"weights:{name}": head.weights, f"bias:{name}": head.bias}
    if model.embedding is not None:
        arrays["centre"] = model.embedding.centre
    np.savez_compressed(folder / _WEIGHTS, allow_pickle=False, **arrays)
    manifest = {
        "format": FORMAT,
        "version": model.version,
        "data": model.data,
        "rules": rules_digest(),
        "embedding": model.embedding.encoder.version if model.embedding else None,
        "at_risk_from": model.at_risk_from,
        "trust": {name: asdict(trust) for name, trust in model.trust.items()},
        "labels": {name: list(head.labels) for name, head in model.heads.items()},
        "figures": dict(model.figures),
        "made_with": {"python": sys.version.split()[0], **{name: version(name) for name in _LIBRARIES}},
        "sha256": {name: _digest(folder / name) for name in (_TERMS, _WEIGHTS)},
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def load(folder: Path, encoder: Encoder | None = None) -> TriageModel:
    """The model in `folder`. Raises `ModelRefused` where it is missing, damaged, or made for other rules, and where it
    was trained with embeddings of which `encoder` is not the one."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        _check(manifest, folder)
        model = _restore(manifest, folder, encoder)
    except FileNotFoundError as error:
        raise ModelRefused(f"{folder}: no {Path(error.filename).name}. Build the model with 'make model'.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, BadZipFile) as error:
        raise ModelRefused(f"{folder}: can't be read as a model: {error!r}") from None
    if model.version != manifest["version"]:
        raise ModelRefused(f"{folder}: the manifest says version {manifest['version']}, the content is {model.version}")
    return model


def _check(manifest: dict[str, Any], folder: Path) -> None:
    if manifest["format"] != FORMAT:
        raise ModelRefused(f"{folder}: expected format {FORMAT}, found {manifest['format']!r}")
    if manifest["rules"] != rules_digest():
        raise ModelRefused(f"{folder}: made with other signals and topics than these. Build it again.")
    for name in (_TERMS, _WEIGHTS):
        if _digest(folder / name) != manifest["sha256"][name]:
            raise ModelRefused(f"{folder / name}: the content is not what the manifest says")


def _restore(manifest: dict[str, Any], folder: Path, encoder: Encoder | None) -> TriageModel:
    embedding = None
    terms = json.loads((folder / _TERMS).read_text(encoding="utf-8"))
    with np.load(folder / _WEIGHTS, allow_pickle=False) as arrays:
        rarities = {part: arrays[f"rarity:{part}"] for part in ("words", "characters")}
        heads = {
            name: Head(tuple(labels), arrays[f"weights:{name}"], arrays[f"bias:{name}"])
            for name, labels in manifest["labels"].items()
        }
        if wanted := manifest.get("embedding"):
            if encoder is None or encoder.version != wanted:
                raise ModelRefused(
                    f"{folder}: trained with sentence embeddings that are not here, or are off. Add them with "
                    "'postroom embeddings add', or build the model again."
                )
            embedding = Embedding(encoder, arrays["centre"])
    ordinary = tuple(terms.pop("ordinary"))
    services = {name: tuple(words) for name, words in terms["services"].items()}
    vectoriser = Vectoriser({**terms, "services": sorted(services)}, rarities)
    trust = {name: Trust(**thresholds) for name, thresholds in manifest["trust"].items()}
    at_risk_from, data, figures = float(manifest["at_risk_from"]), manifest["data"], manifest["figures"]
    return TriageModel(ordinary, services, vectoriser, heads, trust, at_risk_from, data, figures, embedding)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
