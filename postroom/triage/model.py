"""A trained model as plain arrays: for each target a head of weights, and what turns scores into probabilities.

Calibration is part of the weights: `softmax(x · weights + bias)` is the probability.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from postroom.models.settings import Settings
from postroom.triage.signals import rules_digest
from postroom.triage.vectors import Floats, Vector, Vectoriser

NOT_AT_RISK, AT_RISK = "no", "yes"


@dataclass(frozen=True)
class Head:
    """One linear classifier. `weights` has a row for each column of the vectoriser and a column for each label."""

    labels: tuple[str, ...]
    weights: Floats
    bias: Floats

    def probabilities(self, vector: Vector) -> Floats:
        """Of each label."""
        return softmax(vector.values @ self.weights[vector.columns] + self.bias)


@dataclass(frozen=True)
class TriageModel:
    """All that a suggestion needs. `heads` are type, team, exclusion, at_risk and `category:<type>`."""

    ordinary: tuple[str, ...]
    vectoriser: Vectoriser
    heads: Mapping[str, Head]
    at_risk_from: float
    """The probability from which a message counts as at risk."""
    data: str
    """Digest of the examples that it was trained on."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """How well it did on examples that it had not seen, by target."""

    @cached_property
    def version(self) -> str:
        """Of its content: two models that suggest the same for the same reason have the same version."""
        content = hashlib.sha256(f"{rules_digest()} {self.at_risk_from!r}".encode())
        for terms in (self.ordinary, *self.vectoriser.terms.values()):
            content.update("\n".join(terms).encode())
        for array in self.vectoriser.rarities.values():
            content.update(np.ascontiguousarray(array).data)
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
    return sorted(probabilities, key=lambda entry: (-entry[1], entry[0]))
