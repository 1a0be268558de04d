"""The most similar messages that officers have confirmed. They teach at once, without any training.

Similar is what shares rare words and pieces of words, by the model's own TF-IDF. Only vectors are remembered; what the
messages are is read from the tables each time, so that a correction counts at once and an erased message no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sqlalchemy import func, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows
from sqlmodel.sql.expression import SelectOfScalar

from postroom.models.case import Decision
from postroom.models.message import Message
from postroom.models.settings import Settings
from postroom.triage.confirmed import labels_of_messages, text_of_message
from postroom.triage.corpus import Labels, Text
from postroom.triage.model import area_groups, ranked
from postroom.triage.suggesting import DECIMALS, Choice, Suggested, Suggester

REMEMBERED = 2_000
"""Confirmed messages, the newest ones."""
AT_ONCE = 100
"""How many are read before one batch of suggestions: a worker that has just started is not held up."""
SHOWN = 3
SIMILAR_FROM = 0.15
"""From this cosine on a message is worth showing."""
VOTERS = 8
WEIGHT = 0.5
"""Of the voters' opinion beside the model's, where the nearest is `NEAR` or nearer. Measured: docs/decisions/0018."""
NEAR = 0.25
DOUBT = 0.05
"""What the voters grant to a team that none of them went to."""


@dataclass(frozen=True)
class Neighbour:
    """A confirmed message, how similar it is (cosine, 0 to 1), and what an officer said that it is."""

    message_id: int
    similarity: float
    labels: Labels


class Neighbours:
    """The confirmed messages that one worker remembers, as one model's vectors."""

    def __init__(self, suggester: Suggester) -> None:
        self._suggester = suggester
        self._rows: dict[int, csr_matrix] = {}
        self._newest = 0
        self._missing: list[int] = []
        self._stacked: csr_matrix | None = None

    def remember(self, session: Session) -> None:
        """Read up to `AT_ONCE` of the confirmed messages that are not remembered yet, the last confirmed first."""
        newest = session.execute(select(func.max(Decision.id))).scalar() or 0
        if newest != self._newest:
            self._newest = newest
            last = (
                select(col(Decision.message_id))
                .group_by(col(Decision.message_id))
                .order_by(func.max(Decision.id).desc())
            )
            found = list(session.execute(last.limit(REMEMBERED)).scalars())
            self._rows = {id_: self._rows[id_] for id_ in found if id_ in self._rows}
            self._missing = [id_ for id_ in found if id_ not in self._rows]
            self._stacked = None
        if self._missing:
            now, self._missing = self._missing[:AT_ONCE], self._missing[AT_ONCE:]
            for message in session.exec(_messages(now)):
                assert message.id is not None
                self._rows[message.id] = self._vector(text_of_message(message))
            self._stacked = None

    def of(self, session: Session, texts: Mapping[int, Text]) -> dict[int, list[Neighbour]]:
        """For each message of `texts`, by its id, the most similar confirmed ones, the nearest first."""
        if not self._rows or not texts:
            return {id_: [] for id_ in texts}
        if self._stacked is None:
            self._stacked = vstack(list(self._rows.values()), format="csr")
        remembered = list(self._rows)
        similarities = (self._suggester.terms(list(texts.values())) @ self._stacked.T).toarray()
        nearest = {
            id_: [(remembered[place], float(row[place])) for place in np.argsort(-row, kind="stable")[: VOTERS + 1]]
            for id_, row in zip(texts, similarities, strict=True)
        }
        labels = labels_of_messages(session, sorted({other for found in nearest.values() for other, _ in found}))
        return {
            id_: [Neighbour(o, round(s, DECIMALS), labels[o]) for o, s in found if o != id_ and o in labels][:VOTERS]
            for id_, found in nearest.items()
        }

    def _vector(self, text: Text) -> csr_matrix:
        return self._suggester.terms([text])


def _messages(ids: Sequence[int]) -> SelectOfScalar[Message]:
    """Messages of people among these."""
    return select_rows(Message).where(col(Message.id).in_(ids), Message.machine == "none")


def shown(found: Sequence[Neighbour]) -> list[dict[str, float]]:
    """What is stored of the nearest, beside a suggestion."""
    near = [each for each in found[:SHOWN] if each.similarity >= SIMILAR_FROM]
    return [{"message": each.message_id, "similarity": each.similarity} for each in near]


def pooled(suggested: Suggested, found: Sequence[Neighbour], settings: Settings) -> Suggested:
    """`suggested` with the team's probabilities multiplied with the neighbours' opinion (a logarithmic pool).

    Teams that do the same work in different areas are one to them: near messages say nothing of the place. Of the
    other labels their opinion was measured, and did not help.
    """
    groups = area_groups(settings)
    votes: dict[str, float] = {}
    for each in found:
        work = groups.get(each.labels.team, each.labels.team)
        votes[work] = votes.get(work, 0.0) + each.similarity**2
    whole = sum(votes.values())
    if not whole:
        return suggested
    weight = WEIGHT * min(1.0, found[0].similarity / NEAR)
    raised = {
        team: probability * (votes.get(groups.get(team, team), 0.0) / whole + DOUBT) ** weight
        for team, probability in suggested.team.alternatives
    }
    scale = sum(raised.values()) or 1.0
    teams = ranked((team, round(value / scale, DECIMALS)) for team, value in raised.items())
    evidence = suggested.evidence
    if teams[0][0] != suggested.team.label:
        evidence = tuple(reason for reason in evidence if reason.supports != suggested.team.label)
    team = Choice(*teams[0], tuple(teams), suggested.team.trust)
    return replace(suggested, team=team, evidence=evidence)
