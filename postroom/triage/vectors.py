"""Readings to vectors: word 1- and 2-grams, character 2- to 5-grams within words, and signals.

Each term keeps the words that it came from, so that what a linear model made of it can be told as words. That is why
the weighting (TF-IDF, sublinear, each part of length 1) is done here, in one place for training and for suggesting.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from postroom.triage.features import MASK, Reading
from postroom.triage.signals import AREA, SERVICE, wordings

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

ANY_AREA = "any_area"
SIGNAL_WEIGHT = 0.14
"""Of one occurrence of a signal, beside word and character vectors of length 1. Chosen by leaving out each file."""
ONLY_FOR_WEIGHT = 0.3
"""Of a signal that one target alone is learned from: words of a team's work, and kinds of danger. Chosen so too."""
LEAST_MESSAGES = {"words": 2, "characters": 3}
"""In how many messages a term must stand to become a column: what only one person wrote is not kept."""
WORDS_REMEMBERED = 20_000


@dataclass(frozen=True)
class Vector:
    """The non-zero `values` and their `columns`, which rise. Each occurrence of a term: `places` in these, first and
    last word."""

    columns: Integers
    values: Floats
    places: Integers
    first: Integers
    last: Integers
    parts: Floats | None = None
    """What each word piece adds to the embedding, which stands in the last columns, where there is one."""
    part_words: Integers | None = None
    """The word of each of these."""

    @cached_property
    def _counts(self) -> Floats:
        """How often each term stands in the text; of signals, which are no words, 1."""
        counts: Floats = np.bincount(self.places, minlength=len(self.columns)).clip(1).astype(float)
        return counts

    def share_of_words(self, slopes: Floats, words: int) -> Floats:
        """What each of the words adds, where each column adds its value times its slope: a term's part goes to its
        words, that of a word piece to its word."""
        share = (self.values * slopes / self._counts)[self.places] / 2
        shared = np.bincount(self.first, share, words) + np.bincount(self.last, share, words)
        if self.parts is not None and self.part_words is not None:
            shared = shared + np.bincount(self.part_words, self.parts @ slopes[-self.parts.shape[1] :], words)
        return shared.astype(float, copy=False)


class Vectoriser:
    """The columns are word terms, then character terms, then signals. `rarities` are the terms' inverse frequencies.

    Of `terms` the part `services` says of which teams words are signals.
    """

    def __init__(self, terms: Mapping[str, Sequence[str]], rarities: Mapping[str, Floats]) -> None:
        self.terms = terms
        self.rarities = rarities
        services = [SERVICE + name for name in terms["services"]]
        self.signals = sorted([*wordings(), ANY_AREA, *services])
        self.first_signal = len(terms["words"]) + len(terms["characters"])
        self.width = self.first_signal + len(self.signals)
        self._words = {term: column for column, term in enumerate(terms["words"])}
        self._characters = {term: column for column, term in enumerate(terms["characters"], len(self._words))}
        self._signals = {name: column for column, name in enumerate(self.signals, self.first_signal)}
        self._only_for = {self._signals[name]: "team" for name in services}
        self._only_for |= {self._signals[name]: word.only_for for name, word in wordings().items() if word.only_for}
        self._rarities = np.concatenate([rarities["words"], rarities["characters"]])
        self._characters_of = lru_cache(WORDS_REMEMBERED)(self._character_columns)

    @classmethod
    def fit(cls, readings: Sequence[Reading], services: Iterable[str] = ()) -> "Vectoriser":
        """The vectoriser of the terms that stand in enough of `readings`, and of signals of `services`."""
        messages: dict[str, Counter[str]] = {"words": Counter(), "characters": Counter()}
        for reading in readings:
            messages["words"].update({*reading.forms, *_pairs(reading.forms)})
            bare = {form for form in reading.forms if not form.startswith(MASK)}
            messages["characters"].update({term for form in bare for term in _characters(form)})
        terms = {
            part: sorted(t for t, n in found.items() if n >= LEAST_MESSAGES[part]) for part, found in messages.items()
        }
        rarities = {
            part: 1
            + np.log((1 + len(readings)) / (1 + np.array([messages[part][term] for term in terms[part]], float)))
            for part in terms
        }
        return cls({**terms, "services": sorted(services)}, rarities)

    def vector(self, reading: Reading) -> Vector:
        occurring, first, last = self._occurrences(reading.forms)
        terms, places, counts = np.unique(occurring, return_inverse=True, return_counts=True)
        values = (1 + np.log(counts)) * self._rarities[terms]
        words = np.searchsorted(terms, len(self._words))
        for part in (values[:words], values[words:]):
            part /= np.sqrt(part @ part) or 1.0
        signals = sorted(Counter(self.signal_column(signal.name) for signal in reading.signals).items())
        columns = np.array([column for column, _ in signals], np.intp)
        of_signals = np.array([self._weight(column) * log2(1 + count) for column, count in signals])
        return Vector(
            np.concatenate([terms, columns]),
            np.concatenate([values, of_signals]).astype(np.float32),
            places,
            first,
            last,
        )

    def transform(self, readings: Sequence[Reading]) -> csr_matrix:
        """One row for each reading."""
        vectors = [self.vector(reading) for reading in readings]
        ends = np.cumsum([0, *(len(vector.columns) for vector in vectors)])
        columns = np.concatenate([vector.columns for vector in vectors])
        values = np.concatenate([vector.values for vector in vectors]).astype(np.float64)
        return csr_matrix((values, columns, ends), shape=(len(vectors), self.width))

    def signal_column(self, name: str) -> int:
        """The column of the signal `name`. Areas differ between councils, so all of them are one to a model."""
        return self._signals[ANY_AREA if name.startswith(AREA) else name]

    def hidden_from(self, target: str) -> Integers:
        """The columns that `target` is not learned from."""
        return np.array(sorted(column for column, other in self._only_for.items() if other != target), np.intp)

    def _weight(self, column: int) -> float:
        return ONLY_FOR_WEIGHT if column in self._only_for else SIGNAL_WEIGHT

    def _occurrences(self, forms: Sequence[str]) -> tuple[Integers, Integers, Integers]:
        """The column of each occurrence of a term, its first and its last word."""
        column = self._words.get
        one = np.array([column(form, -1) for form in forms], np.intp)
        two = np.array([column(pair, -1) for pair in _pairs(forms)], np.intp)
        characters = [self._characters_of(form) for form in forms]
        positions = np.arange(len(forms))
        inside = np.repeat(positions, [len(columns) for columns in characters])
        columns = np.concatenate([one, two, *characters])
        first = np.concatenate([positions, positions[:-1], inside])
        last = np.concatenate([positions, positions[1:], inside])
        known = columns >= 0
        return columns[known], first[known], last[known]

    def _character_columns(self, word: str) -> Integers:
        if word.startswith(MASK):
            return np.zeros(0, np.intp)
        return np.array([self._characters[term] for term in _characters(word) if term in self._characters], np.intp)


def of_length_one(rows: csr_matrix) -> csr_matrix:
    """Each row divided by its length; a row of nothing stays as it is."""
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1).A1)
    lengths[lengths == 0] = 1.0
    return csr_matrix((rows.data / np.repeat(lengths, np.diff(rows.indptr)), rows.indices, rows.indptr), rows.shape)


def _pairs(forms: Sequence[str]) -> list[str]:
    return [f"{left} {right}" for left, right in pairwise(forms)]


def _characters(word: str) -> list[str]:
    padded = f" {word} "
    return [padded[start : start + n] for n in range(2, 6) for start in range(len(padded) - n + 1)]
