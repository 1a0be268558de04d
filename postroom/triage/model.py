"""A trained model as plain arrays: for each target a head of weights, and what turns scores into probabilities.

Calibration is part of the weights: `softmax(x · weights + bias)` is the probability.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any

import numpy as np

from postroom.models.message import Answer
from postroom.models.settings import Settings
from postroom.triage.embedding import Embedding
from postroom.triage.features import Reading
from postroom.triage.signals import rules_digest
from postroom.triage.vectors import Floats, Integers, Vector, Vectoriser

NOT_AT_RISK, AT_RISK = "no", "yes"
NEVER = 2.0
"""No probability is as high."""


@dataclass(frozen=True)
class Head:
    """One linear classifier. `weights` has a row for each column of the vectoriser and a column for each label."""

    labels: tuple[str, ...]
    weights: Floats
    bias: Floats


@dataclass(frozen=True)
class Trust:
    """From when on a head's probabilities may be trusted: found on unseen examples, so that nine in ten are right."""

    preselected_from: float
    """The likeliest label's probability from which on it is chosen for the officer."""
    offered_from: float
    """That of the three likeliest together from which on they are offered."""

    def answer(self, probabilities: Sequence[float]) -> Answer:
        """What the officer gets for `probabilities`, the highest first."""
        if probabilities[0] >= self.preselected_from:
            return Answer.PRESELECTED
        return Answer.OFFERED if sum(probabilities[:3]) >= self.offered_from else Answer.OPEN


NO_TRUST = Trust(NEVER, NEVER)


@dataclass(frozen=True)
class Opinion:
    """What all heads of a model think of one text, by the heads' names."""

    probabilities: Mapping[str, Floats]
    """Of each label."""
    _weights: Floats
    """A row for each of the text's columns, with the labels of all heads."""
    _parts: Mapping[str, slice]

    def slopes(self, name: str, label: int) -> Floats:
        """By how much each column of the vector raises the logarithm of the label's probability: the label's weight,
        less the weights of the other labels, each by its probability."""
        direction = -self.probabilities[name]
        direction[label] = 0
        direction[label] = -direction.sum()  # as exact near 1, where 1 - p is not
        result: Floats = self._weights[:, self._parts[name]] @ direction
        return result


@dataclass(frozen=True)
class _Joined:
    """All heads side by side: where the labels of each begin, and for each label the number of its head."""

    weights: Floats
    bias: Floats
    parts: Mapping[str, slice]
    begins: Integers
    owners: Integers

    def softmax(self, scores: Floats) -> Floats:
        """Of each head by itself."""
        powers = np.exp(scores - np.maximum.reduceat(scores, self.begins)[self.owners])
        result: Floats = powers / np.add.reduceat(powers, self.begins)[self.owners]
        return result


@dataclass(frozen=True)
class TriageModel:
    """All that a suggestion needs. `heads` are type, team, exclusion, at_risk and `category:<type>`."""

    ordinary: tuple[str, ...]
    services: Mapping[str, tuple[str, ...]]
    """The words by which people name what each team does."""
    vectoriser: Vectoriser
    heads: Mapping[str, Head]
    trust: Mapping[str, Trust]
    """Of each head but at_risk."""
    at_risk_from: float
    """The probability from which a message counts as at risk."""
    data: str
    """Digest of the examples that it was trained on."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """How well it did on examples that it had not seen, by target."""
    embedding: Embedding | None = None
    """Where there is one, the heads have a row for each of its numbers after those of the vectoriser's columns."""

    def vector(self, reading: Reading) -> Vector:
        """What the heads take of `reading`."""
        vector = self.vectoriser.vector(reading)
        return vector if self.embedding is None else self.embedding.joined_to(vector, reading, self.vectoriser.width)

    def opinion(self, vector: Vector) -> Opinion:
        """Of all heads at once: what takes the time is to look up a text's weights, not how many heads have one."""
        joined = self._joined
        of_text = np.take(joined.weights, vector.columns, axis=0)
        probabilities = joined.softmax(vector.values @ of_text + joined.bias)
        return Opinion({name: probabilities[part] for name, part in joined.parts.items()}, of_text, joined.parts)

    @cached_property
    def _joined(self) -> _Joined:
        heads = self.heads.values()
        labels = np.array([len(head.labels) for head in heads])
        ends: Integers = np.cumsum(labels)
        begins = ends - labels
        return _Joined(
            np.hstack([head.weights for head in heads]),
            np.hstack([head.bias for head in heads]),
            dict(zip(self.heads, map(slice, begins.tolist(), ends.tolist()), strict=True)),
            begins,
            np.repeat(np.arange(len(labels)), labels),
        )

    @cached_property
    def version(self) -> str:
        """Of its content: two models that suggest the same for the same reason have the same version."""
        content = hashlib.sha256(f"{rules_digest()} {self.at_risk_from!r} {sorted(self.trust.items())}".encode())
        content.update(repr(sorted(self.services.items())).encode())
        for terms in (self.ordinary, *self.vectoriser.terms.values()):
            content.update("\n".join(terms).encode())
        for array in self.vectoriser.rarities.values():
            content.update(np.ascontiguousarray(array).data)
        if self.embedding is not None:
            content.update(self.embedding.encoder.version.encode())
            content.update(np.ascontiguousarray(self.embedding.centre).data)
        for name, head in sorted(self.heads.items()):
            content.update(f"{name} {head.labels}".encode())
            content.update(np.ascontiguousarray(head.weights).data)
            content.update(np.ascontiguousarray(head.bias).data)
        return content.hexdigest()[:12]


def category_head(type_: str) -> str:
    return f"category:{type_}"


def area_groups(settings: Settings) -> dict[str, str]:
    """The group of each team that serves one area: such teams do the same work, and only the place tells them apart."""
    return {id_: f"areas:{team.service}" for id_, team in settings.teams.items() if team.area}


def softmax(scores: Any) -> Floats:
    """Along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    result: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return result


def ranked(probabilities: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Likeliest first; equal ones by name, so that the order is always the same."""
    return sorted(sorted(probabilities), key=itemgetter(1), reverse=True)
