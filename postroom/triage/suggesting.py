"""A message to a suggestion: labels of the council's closed sets, honest probabilities, and the words that spoke."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scipy.sparse import csr_matrix

from postroom.models.message import Answer
from postroom.models.settings import NO_CATEGORY, NO_EXCLUSION, Settings
from postroom.triage import model_store
from postroom.triage.corpus import Text
from postroom.triage.descriptions import Descriptions
from postroom.triage.embedding import encoder_for
from postroom.triage.evidence import Evidence, Reasons
from postroom.triage.features import Reader, Reading
from postroom.triage.model import (
    AT_RISK,
    NEVER,
    NO_TRUST,
    Opinion,
    TriageModel,
    Trust,
    area_groups,
    category_head,
    ranked,
)
from postroom.triage.services import with_own
from postroom.triage.signals import AREA
from postroom.triage.vectors import of_length_one

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
    trust: Trust = NO_TRUST
    """From when on such probabilities were right on unseen examples."""

    @property
    def answer(self) -> Answer:
        """Whether it is chosen for the officer, offered with the next ones, or left to them."""
        return self.trust.answer([probability for _, probability in self.alternatives])

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
        self._areas: dict[str, dict[str, str]] = {}
        """Of each group the teams with their areas."""
        for team, group in self._groups.items():
            self._areas.setdefault(group, {})[team] = settings.teams[team].area
        own = with_own(model.services, settings)
        self._reader = Reader(settings, model.ordinary, {team: own[team] for team in model.services})
        known = model.heads["team"].labels if "team" in model.heads else ()
        self._descriptions = Descriptions(settings, known, model.vectoriser, self._reader)

    @classmethod
    def load(cls, folder: Path, settings: Settings) -> "Suggester":
        """The suggester of the model in `folder`. Raises `ModelRefused`."""
        return cls(model_store.load(folder, encoder_for(settings)), settings)

    def suggest(self, message: Text) -> Suggested:
        """What `message` is, whose it is, and why. Works on any text, also an empty one."""
        return self.suggest_many([message])[0]

    def suggest_many(self, messages: Sequence[Text]) -> list[Suggested]:
        """The same for each of them, in less time."""
        return [self._suggested(reading) for reading in self._reader.read_many(messages)]

    def terms(self, messages: Sequence[Text]) -> csr_matrix:
        """The words and pieces of words of each message as a row of length 1, to tell how similar messages are."""
        vectoriser = self._model.vectoriser
        rows = vectoriser.transform(self._reader.read_many(messages))
        return of_length_one(rows[:, : vectoriser.first_signal])

    def _suggested(self, reading: Reading) -> Suggested:
        vector = self._model.vector(reading)
        opinion = self._model.opinion(vector)
        type_ = self._choice("type", self._raw("type", opinion), self._settings.feedback_types)
        category = self._category(type_, opinion)
        teams = self._descriptions.blended(self._raw("team", opinion), vector)
        team = self._choice("team", self._by_area(teams, reading), list(self._settings.teams))
        exclusion = self._choice("exclusion", self._raw("exclusion", opinion), self._settings.exclusions)
        danger = round(self._raw("at_risk", opinion).get(AT_RISK, 0.0), DECIMALS)
        at_risk = Risk(danger >= round(self._model.at_risk_from, DECIMALS), danger)
        reasons = Reasons(self._model, reading, vector, opinion)
        evidence = self._evidence(reasons, type_, category, team, exclusion, at_risk)
        return Suggested(type_, category, team, exclusion, at_risk, tuple(evidence), self.version)

    def _raw(self, name: str, opinion: Opinion) -> dict[str, float]:
        head = self._model.heads.get(name)
        if head is None:
            return {}
        return dict(zip(head.labels, opinion.probabilities[name].tolist(), strict=True))

    def _choice(self, head: str, probabilities: Mapping[str, float], labels: Sequence[str]) -> Choice:
        return _choice(probabilities, labels, self._model.trust.get(head, NO_TRUST))

    def _category(self, type_: Choice, opinion: Opinion) -> Choice:
        """Of the suggested type; so it is chosen for the officer only where the type is."""
        labels = self._settings.categories.get(type_.label)
        head = category_head(type_.label)
        if labels:
            category = self._choice(head, self._raw(head, opinion), labels)
        else:
            category = Choice(NO_CATEGORY, 1.0, ((NO_CATEGORY, 1.0),), Trust(0.0, 0.0))
        if type_.answer == Answer.PRESELECTED:
            return category
        return replace(category, trust=replace(category.trust, preselected_from=NEVER))

    def _by_area(self, probabilities: Mapping[str, float], reading: Reading) -> dict[str, float]:
        """Share the probability of a group of area teams among its teams, by the places that the message names."""
        named = [signal.name.removeprefix(AREA) for signal in reading.signals if signal.name.startswith(AREA)]
        shared = dict(probabilities)
        for group in self._areas.keys() & probabilities.keys():
            weights = {team: AREA_DOUBT + named.count(area) for team, area in self._areas[group].items()}
            each = shared.pop(group) / sum(weights.values())
            shared |= {team: each * weight for team, weight in weights.items()}
        return shared

    def _evidence(
        self, reasons: Reasons, type_: Choice, category: Choice, team: Choice, exclusion: Choice, risk: Risk
    ) -> Iterator[Evidence]:
        yield from reasons.of("type", type_.label, most=3)
        yield from reasons.of(category_head(type_.label), category.label, most=2)
        yield from reasons.places(self._settings.teams[team.label].area, supports=team.label)
        yield from reasons.of("team", self._groups.get(team.label, team.label), most=2, supports=team.label)
        if exclusion.label != NO_EXCLUSION:
            yield from reasons.of("exclusion", exclusion.label, most=2)
        if risk.label:
            yield from reasons.of("at_risk", AT_RISK, most=3, supports="at_risk")


def _choice(probabilities: Mapping[str, float], labels: Sequence[str], trust: Trust) -> Choice:
    """The likeliest of `labels`, which share what the model gave to them; all alike where it knows none of them."""
    known = [probabilities.get(label, 0.0) for label in labels]
    whole = sum(known)
    if whole <= 0:
        known, whole = [1.0] * len(labels), float(len(labels))
    best = ranked([(label, round(value / whole, DECIMALS)) for label, value in zip(labels, known, strict=True)])
    return Choice(*best[0], tuple(best), trust)
