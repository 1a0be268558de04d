"""Why a linear model suggests a label, in the words of the message.

What a term adds to a label is exact: its value times the label's weight, less what it adds to the other labels, each by
its probability (the slope of the logarithm of the label's probability). Terms lie within words, so words carry it all.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import NamedTuple

import numpy as np
from spacy.lang.en.stop_words import STOP_WORDS

from postroom.triage.features import CHAT, MASK, Reading
from postroom.triage.model import Opinion, TriageModel
from postroom.triage.signals import AREA, Signal, meaning
from postroom.triage.vectors import Floats, Vector

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


class _Reason(NamedTuple):
    strength: float
    start: int
    end: int
    signal: Signal | None = None
    """The signal that it is; otherwise it is words."""


class Reasons:
    """The reasons to be found in one reading."""

    def __init__(self, model: TriageModel, reading: Reading, vector: Vector, opinion: Opinion) -> None:
        self._reading = reading
        self._vector = vector
        self._opinion = opinion
        self._labels = {name: head.labels for name, head in model.heads.items()}
        self._signals = list(self._first_of_signals())
        columns = [model.vectoriser.signal_column(signal.name) for signal, _ in self._signals]
        self._places = np.searchsorted(vector.columns, columns)
        self._values = vector.values[self._places]
        """Of the signals in the vector."""

    def _first_of_signals(self) -> Iterator[tuple[Signal, slice]]:
        """The first of each signal, with the words that lie in it."""
        first: dict[str, Signal] = {}
        for signal in self._reading.signals:
            if signal.name != CHAT and not signal.name.startswith(AREA):
                first.setdefault(signal.name, signal)
        for signal in first.values():
            words = slice(bisect_left(self._reading.starts, signal.start), bisect_right(self._reading.ends, signal.end))
            yield signal, words

    def of(self, head: str, label: str, most: int, supports: str = "") -> list[Evidence]:
        """At most so many reasons for `label`, the strongest first. None where nothing in the text speaks for it."""
        labels = self._labels.get(head, ())
        if label not in labels or len(labels) < 2:
            return []
        slopes = self._opinion.slopes(head, labels.index(label))
        adds = self._vector.share_of_words(slopes, len(self._reading.forms)).tolist()
        reasons = [*self._signal_reasons(slopes, adds), *self._word_reasons(adds)]
        found: list[_Reason] = []
        for reason in sorted(reasons, key=lambda reason: -reason.strength):
            if len(found) == most or (found and reason.strength < WORTH_SHOWING * found[0].strength):
                break
            if not any(reason.start < other.end and other.start < reason.end for other in found):
                found.append(reason)
        return [Evidence(self._in_words(reason), supports or label) for reason in found]

    def _in_words(self, reason: _Reason) -> str:
        return _quoted(reason.signal) if reason.signal else _shown(self._reading.text[reason.start : reason.end])

    def places(self, area: str, supports: str) -> list[Evidence]:
        """The first place named in `area`."""
        named = [signal for signal in self._reading.signals if area and signal.name == AREA + area]
        return [Evidence(_quoted(signal), supports) for signal in named[:1]]

    def _signal_reasons(self, slopes: Floats, adds: Sequence[float]) -> Iterator[_Reason]:
        """Signals that speak for the label, with what their words add besides."""
        added = self._values * slopes[self._places]
        for (signal, words), gain in zip(self._signals, added.tolist(), strict=True):
            if gain > 0:
                strength = gain + sum(adds[words])
                if strength > 0:
                    yield _Reason(strength, signal.start, signal.end, signal)

    def _word_reasons(self, adds: Sequence[float]) -> Iterator[_Reason]:
        """Runs of words that each add enough, and are not masked."""
        reading = self._reading
        least = PART_OF_A_PHRASE * max(adds, default=0.0)
        enough = [place for place, add in enumerate(adds) if add >= least > 0]
        for run in _runs([place for place in enough if not reading.forms[place].startswith(MASK)]):
            for start in range(run.start, run.stop, WORDS_TOGETHER):
                end = min(start + WORDS_TOGETHER, run.stop)
                if any(map(_says_something, reading.forms[start:end])):
                    yield _Reason(sum(adds[start:end]), reading.starts[start], reading.ends[end - 1])


def _runs(positions: Sequence[int]) -> list[range]:
    """Rising positions as ranges of those that follow one another."""
    runs: list[range] = []
    for position in positions:
        begins = runs.pop().start if runs and runs[-1].stop == position else position
        runs.append(range(begins, position + 1))
    return runs


def _says_something(form: str) -> bool:
    return len(form) > 2 and form not in STOP_WORDS


def _quoted(signal: Signal) -> str:
    return f"{meaning(signal.name)}: '{_shown(signal.text)}'"


def _shown(text: str) -> str:
    words = text.split()
    if words[:1] == [text]:
        return text[:LONGEST]
    plain = " ".join(words)
    return plain if len(plain) <= LONGEST else shorten(plain, LONGEST, placeholder=" …")
