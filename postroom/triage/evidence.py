"""Why a linear model suggests a label, in the words of the message.

What a term adds to a label is exact: its value times the label's weight, less what it adds to the other labels, each by
its probability (the slope of the logarithm of the label's probability). Terms lie within words, so words carry it all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import shorten

import numpy as np
from spacy.lang.en.stop_words import STOP_WORDS

from postroom.triage.features import CHAT, Reading
from postroom.triage.model import Head
from postroom.triage.signals import AREA, Signal, meaning
from postroom.triage.vectors import Floats, Vector, Vectoriser

WORDS_TOGETHER = 6
LONGEST = 100
"""Characters that are shown of one reason."""
PART_OF_A_PHRASE = 0.3
"""A word joins its neighbour's phrase when it adds at least this part of what the strongest word adds."""
WORTH_SHOWING = 0.2
"""A reason is shown when it adds at least this part of what the strongest reason adds."""


@dataclass(frozen=True)
class Evidence:
    """Words of the message, or a signal with its words, and the label that they speak for."""

    text: str
    supports: str


@dataclass(frozen=True)
class _Reason:
    strength: float
    start: int
    end: int
    signal: Signal | None = None
    """The signal that it is; otherwise it is words."""


class Reasons:
    """The reasons to be found in one reading."""

    def __init__(self, vectoriser: Vectoriser, reading: Reading, vector: Vector) -> None:
        self._reading = reading
        self._vector = vector
        place = {column: place for place, column in enumerate(vector.columns.tolist())}
        self._signals: dict[int, Signal] = {}
        for signal in reading.signals:
            if signal.name != CHAT:
                self._signals.setdefault(place[vectoriser.signal_column(signal.name)], signal)

    def of(self, head: Head, label: str, most: int, supports: str = "") -> list[Evidence]:
        """At most so many reasons for `label`, the strongest first. None where nothing in the text speaks for it."""
        if label not in head.labels or len(head.labels) < 2:
            return []
        chosen = head.labels.index(label)
        weights = head.weights[self._vector.columns]
        average = weights @ head.probabilities(self._vector)
        added = self._vector.values * (weights[:, chosen] - average)
        found: list[_Reason] = []
        strengths = self._vector.share_of_words(added, len(self._reading.words))
        reasons = [*self._signal_reasons(added, strengths), *self._word_reasons(strengths)]
        for reason in sorted(reasons, key=lambda reason: -reason.strength):
            overlaps = any(reason.start < other.end and other.start < reason.end for other in found)
            weak = bool(found) and reason.strength < WORTH_SHOWING * found[0].strength
            if len(found) < most and not overlaps and not weak:
                found.append(reason)
        return [Evidence(self._in_words(reason), supports or label) for reason in found]

    def _in_words(self, reason: _Reason) -> str:
        return _quoted(reason.signal) if reason.signal else _shown(self._reading.text[reason.start : reason.end])

    def places(self, area: str, supports: str) -> list[Evidence]:
        """The first place named in `area`."""
        named = [signal for signal in self._reading.signals if area and signal.name == AREA + area]
        return [Evidence(_quoted(signal), supports) for signal in named[:1]]

    def _signal_reasons(self, added: Floats, strengths: Floats) -> Iterator[_Reason]:
        """Signals that speak for the label, with what their words add besides."""
        for index, signal in self._signals.items():
            if added[index] > 0 and not signal.name.startswith(AREA):
                inside = (signal.start <= word.start and word.end <= signal.end for word in self._reading.words)
                strength = float(added[index]) + float(strengths[np.fromiter(inside, bool)].sum())
                if strength > 0:
                    yield _Reason(strength, signal.start, signal.end, signal)

    def _word_reasons(self, strengths: Floats) -> Iterator[_Reason]:
        words = self._reading.words
        least = PART_OF_A_PHRASE * strengths.max(initial=0.0)
        start = 0
        while start < len(words):
            end = start
            while end < len(words) and end - start < WORDS_TOGETHER and self._joins(end, strengths, least):
                end += 1
            if any(_says_something(word.form) for word in words[start:end]):
                yield _Reason(float(strengths[start:end].sum()), words[start].start, words[end - 1].end)
            start = max(end, start + 1)

    def _joins(self, position: int, strengths: Floats, least: float) -> bool:
        return bool(
            strengths[position] > 0 and strengths[position] >= least and not self._reading.words[position].masked
        )


def _says_something(form: str) -> bool:
    return len(form) > 2 and form not in STOP_WORDS


def _quoted(signal: Signal) -> str:
    return f"{meaning(signal.name)}: '{_shown(signal.text)}'"


def _shown(text: str) -> str:
    return shorten(text, LONGEST, placeholder=" …") if text.split()[0:1] != [text] else text[:LONGEST]
