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
    """The non-zero `values` and their `columns`: those of terms, then those of signals, which rise. Each occurrence of
    a term: `places` in these, first and last word."""

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
    def _halves(self) -> Floats:
        """Half of each occurrence's part in the value of its term."""
        counts = np.bincount(self.places)
        halves: Floats = (self.values[: len(counts)] / (2 * counts))[self.places]
        return halves

    def share_of_words(self, slopes: Floats, words: int) -> Floats:
        """What each of the words adds, where each column adds its value times its slope: a term's part goes to its
        words, that of a word piece to its word."""
        share = self._halves * slopes[self.places]
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
        self._columns_of = lru_cache(WORDS_REMEMBERED)(self._word_columns)

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
        terms, places = _distinct(occurring, self.first_signal)
        values = (1 + np.log(np.bincount(places))) * self._rarities[terms]
        part = (terms >= len(self._words)).astype(np.intp)
        values /= np.sqrt(np.bincount(part, values * values, 2))[part]
        signals = sorted(Counter([self.signal_column(signal.name) for signal in reading.signals]).items())
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
        return csr_matrix((values, columns, ends), shape=(len(vectors), self.width)).sorted_indices()

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
        inside = [self._columns_of(form) for form in forms]
        words = np.repeat(np.arange(len(forms)), list(map(len, inside)))
        pairs = np.array([self._words.get(pair, -1) for pair in _pairs(forms)], np.intp)
        known = np.flatnonzero(pairs >= 0)
        columns = np.concatenate([*inside, pairs[known]])
        return columns, np.concatenate([words, known]), np.concatenate([words, known + 1])

    def _word_columns(self, word: str) -> Integers:
        """Of the word and of its pieces."""
        pieces = [] if word.startswith(MASK) else [self._characters.get(term, -1) for term in _characters(word)]
        columns = np.array([self._words.get(word, -1), *pieces], np.intp)
        return columns[columns >= 0]


def _distinct(columns: Integers, width: int) -> tuple[Integers, Integers]:
    """Each of `columns` once, and the place of each of them among these. Sorting them would take thrice as long."""
    order = np.arange(len(columns))
    slots = np.empty(width, np.intp)
    slots[columns] = order
    same = slots[columns]
    kept = same == order
    return columns[kept], (np.cumsum(kept) - 1)[same]


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
