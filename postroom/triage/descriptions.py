"""Teams that the model has not met, suggested by what the configuration says of them until officers confirm some.

A message is compared with each team's name and description, as with a pseudo example: by words and pieces of words.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from postroom.models.settings import Settings
from postroom.triage.corpus import Text
from postroom.triage.features import Reader
from postroom.triage.model import area_groups, softmax
from postroom.triage.vectors import Vector, Vectoriser

SHARPNESS = 45.0
"""How much more a description counts that is nearer than the others. Measured by hiding teams: docs/decisions/0018."""
WORTH_A_LOOK = 0.05
"""A cosine below which a description says nothing."""


class Descriptions:
    """What the teams' descriptions say of a message. Teams that differ in their area alone are one here."""

    def __init__(self, settings: Settings, known: Iterable[str], vectoriser: Vectoriser, reader: Reader) -> None:
        groups = area_groups(settings)
        texts: dict[str, list[str]] = {}
        for id_, team in settings.teams.items():
            texts.setdefault(groups.get(id_, id_), []).append(f"{team.name.lower()} {team.about}")
        self.new = frozenset(texts) - frozenset(known)
        self._names = list(texts)
        self._first_signal = vectoriser.first_signal
        self._rows = np.zeros((len(texts) if self.new else 0, vectoriser.first_signal), dtype=np.float32)
        for row, about in zip(self._rows, texts.values(), strict=False):
            columns, values = self._terms(vectoriser.vector(reader.read(Text(body=". ".join(about)))))
            row[columns] = values

    def blended(self, probabilities: Mapping[str, float], vector: Vector) -> dict[str, float]:
        """The model's `probabilities` with the new teams among them. What the model gave to teams that are no more is
        shared by the descriptions as well."""
        if not self.new:
            return dict(probabilities)
        columns, values = self._terms(vector)
        similarities = np.append(self._rows[:, columns] @ values, WORTH_A_LOOK)
        near = dict(zip(self._names, softmax(SHARPNESS * similarities).tolist(), strict=False))
        kept = {name: probability for name, probability in probabilities.items() if name in near}
        gone = 1 - sum(kept.values())
        to_new = sum(near[name] for name in self.new)
        blended = {name: probability * (1 - to_new) for name, probability in kept.items()}
        for name, share in near.items():
            new = share * (1 - gone) if name in self.new else 0.0
            blended[name] = blended.get(name, 0.0) + new + gone * share / sum(near.values())
        return blended

    def _terms(self, vector: Vector) -> tuple[np.ndarray, np.ndarray]:
        terms = vector.columns < self._first_signal
        values = vector.values[terms]
        return vector.columns[terms], values / (np.linalg.norm(values) or 1.0)
