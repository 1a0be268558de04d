"""A message to a suggestion: labels of the council's closed sets, honest probabilities, and the words that spoke."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postroom.models.settings import NO_CATEGORY, NO_EXCLUSION, Settings
from postroom.triage import model_store
from postroom.triage.corpus import Text
from postroom.triage.evidence import Evidence, Reasons
from postroom.triage.features import Reader, Reading
from postroom.triage.model import AT_RISK, Head, TriageModel, area_groups, category_head, ranked
from postroom.triage.signals import AREA
from postroom.triage.vectors import Vector

__all__ = ["Choice", "Evidence", "Risk", "Suggested", "Suggester", "Text"]

AREA_DOUBT = 0.01
"""What an area that is not named counts beside one that is named once: about 3 in 100 named places mislead."""
DECIMALS = 4


@dataclass(frozen=True)
class Choice:
    """The likeliest label of one target. `alternatives` are all its labels, likeliest first."""

    label: str
    probability: float
    alternatives: tuple[tuple[str, float], ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "probability": self.probability,
            "alternatives": [[label, probability] for label, probability in self.alternatives],
        }


@dataclass(frozen=True)
class Risk:
    """Whether a reader should worry today. `label` is true long before it is likely: few may be missed."""

    label: bool
    probability: float


@dataclass(frozen=True)
class Suggested:
    """What a model thinks of one message. The category's probability holds for the type that is suggested."""

    type: Choice
    category: Choice
    team: Choice
    exclusion: Choice
    at_risk: Risk
    evidence: tuple[Evidence, ...]
    model: str

    def as_json(self) -> dict[str, Any]:
        """The suggestion as plain values, as the desk and `postroom suggest` show it."""
        return {
            "type": self.type.as_json(),
            "category": self.category.as_json(),
            "team": self.team.as_json(),
            "exclusion": self.exclusion.as_json(),
            "at_risk": {"label": self.at_risk.label, "probability": self.at_risk.probability},
            "evidence": [{"text": found.text, "supports": found.supports} for found in self.evidence],
            "model": self.model,
        }


class Suggester:
    """A model that is ready to suggest for one council. Labels that the council does not have are never suggested."""

    def __init__(self, model: TriageModel, settings: Settings) -> None:
        self.version = model.version
        self._model = model
        self._settings = settings
        self._groups = area_groups(settings)
        self._reader = Reader(settings, model.ordinary)

    @classmethod
    def load(cls, folder: Path, settings: Settings) -> "Suggester":
        """The suggester of the model in `folder`. Raises `ModelRefused`."""
        return cls(model_store.load(folder), settings)

    def suggest_all(self, messages: Iterable[Text]) -> list[Suggested]:
        return [self.suggest(message) for message in messages]

    def suggest(self, message: Text) -> Suggested:
        """What `message` is, whose it is, and why. Works on any text, also an empty one."""
        reading = self._reader.read(message)
        vector = self._model.vectoriser.vector(reading)
        type_ = _choice(self._raw("type", vector), self._settings.feedback_types)
        category = self._category(type_.label, vector)
        team = _choice(self._by_area(self._raw("team", vector), reading), list(self._settings.teams))
        exclusion = _choice(self._raw("exclusion", vector), self._settings.exclusions)
        danger = round(self._raw("at_risk", vector).get(AT_RISK, 0.0), DECIMALS)
        at_risk = Risk(danger >= round(self._model.at_risk_from, DECIMALS), danger)
        evidence = self._evidence(reading, vector, type_, category, team, exclusion, at_risk)
        return Suggested(type_, category, team, exclusion, at_risk, tuple(evidence), self.version)

    def _raw(self, name: str, vector: Vector) -> dict[str, float]:
        head = self._model.heads.get(name)
        if head is None:
            return {}
        return dict(zip(head.labels, map(float, head.probabilities(vector)), strict=True))

    def _category(self, type_: str, vector: Vector) -> Choice:
        labels = self._settings.categories.get(type_)
        if not labels:
            return Choice(NO_CATEGORY, 1.0, ((NO_CATEGORY, 1.0),))
        return _choice(self._raw(category_head(type_), vector), labels)

    def _by_area(self, probabilities: Mapping[str, float], reading: Reading) -> dict[str, float]:
        """Share the probability of a group of area teams among its teams, by the places that the message names."""
        named = [signal.name.removeprefix(AREA) for signal in reading.signals if signal.name.startswith(AREA)]
        shared = dict(probabilities)
        for group in set(self._groups.values()) & set(probabilities):
            teams = [team for team, its_group in self._groups.items() if its_group == group]
            weights = [AREA_DOUBT + named.count(self._settings.teams[team].area) for team in teams]
            whole = shared.pop(group)
            shared |= {team: whole * weight / sum(weights) for team, weight in zip(teams, weights, strict=True)}
        return shared

    def _evidence(
        self,
        reading: Reading,
        vector: Vector,
        type_: Choice,
        category: Choice,
        team: Choice,
        exclusion: Choice,
        risk: Risk,
    ) -> Iterator[Evidence]:
        reasons = Reasons(self._model.vectoriser, reading, vector)
        heads = self._model.heads
        yield from reasons.of(heads["type"], type_.label, most=3)
        if category.label != NO_CATEGORY:
            yield from _reasons(reasons, heads.get(category_head(type_.label)), category.label)
        area = self._settings.teams[team.label].area
        yield from reasons.places(area, supports=team.label)
        yield from _reasons(reasons, heads["team"], self._groups.get(team.label, team.label), team.label)
        if exclusion.label != NO_EXCLUSION:
            yield from _reasons(reasons, heads["exclusion"], exclusion.label)
        if risk.label:
            yield from reasons.of(heads["at_risk"], AT_RISK, most=3, supports="at_risk")


def _reasons(reasons: Reasons, head: Head | None, label: str, supports: str = "") -> list[Evidence]:
    return reasons.of(head, label, most=2, supports=supports) if head is not None else []


def _choice(probabilities: Mapping[str, float], labels: Sequence[str]) -> Choice:
    """The likeliest of `labels`, which share what the model gave to them; all alike where it knows none of them."""
    known = {label: probabilities.get(label, 0.0) for label in labels}
    whole = sum(known.values())
    if whole <= 0:
        known, whole = dict.fromkeys(labels, 1.0), float(len(labels))
    best = ranked((label, round(value / whole, DECIMALS)) for label, value in known.items())
    return Choice(*best[0], tuple(best))
