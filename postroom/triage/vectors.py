"""Readings to vectors: word 1- and 2-grams, character 2- to 5-grams within words, and signals.

Each term keeps the words that it came from, so that what a linear model made of it can be told as words. That is why
the weighting (TF-IDF, sublinear, each part of length 1) is done here, in one place for training and for suggesting.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log2
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from postroom.triage.features import Reading
from postroom.triage.signals import AREA, wordings

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.integer[Any]]

ANY_AREA = "any_area"
SIGNAL_WEIGHT = 0.14
"""Of one occurrence of a signal, beside word and character vectors of length 1. Chosen by leaving out each file."""
LEAST_MESSAGES = {"words": 2, "characters": 3}
"""In how many messages a term must stand to become a column: what only one person wrote is not kept."""
WORDS_REMEMBERED = 20_000


@dataclass(frozen=True)
class Vector:
    """The non-zero `values` and their `columns`. Each occurrence of a term: `places` in these, first and last word."""

    columns: Integers
    values: Floats
    places: Integers
    first: Integers
    last: Integers

    def share_of_words(self, added: Floats, words: int) -> Floats:
        """What each of the words adds, where `added` is what each column adds: a term's part goes to its words."""
        if not len(self.places):
            return np.zeros(words)
        share = (added / np.bincount(self.places, minlength=len(added)).clip(1))[self.places] / 2
        shared = np.zeros(words)
        np.add.at(shared, self.first, share)
        np.add.at(shared, self.last, share)
        return shared


class Vectoriser:
    """The columns are word terms, then character terms, then signals. `rarities` are the terms' inverse frequencies."""

    def __init__(self, terms: Mapping[str, Sequence[str]], rarities: Mapping[str, Floats]) -> None:
        self.terms = terms
        self.rarities = rarities
        self.signals = sorted([*wordings(), ANY_AREA])
        self.first_signal = len(terms["words"]) + len(terms["characters"])
        self.width = self.first_signal + len(self.signals)
        self._words = {term: column for column, term in enumerate(terms["words"])}
        self._characters = {term: column for column, term in enumerate(terms["characters"], len(self._words))}
        self._signals = {name: column for column, name in enumerate(self.signals, self.first_signal)}
        self._rarities = np.concatenate([rarities["words"], rarities["characters"]])
        self._characters_of = lru_cache(WORDS_REMEMBERED)(self._character_columns)

    @classmethod
    def fit(cls, readings: Sequence[Reading]) -> "Vectoriser":
        """The vectoriser of the terms that stand in enough of `readings`."""
        messages: dict[str, Counter[str]] = {"words": Counter(), "characters": Counter()}
        for reading in readings:
            forms = [word.form for word in reading.words]
            messages["words"].update({*forms, *_pairs(forms)})
            words = {word.form for word in reading.words if not word.masked}
            messages["characters"].update({term for word in words for term in _characters(word)})
        terms = {
            part: sorted(t for t, n in found.items() if n >= LEAST_MESSAGES[part]) for part, found in messages.items()
        }
        rarities = {
            part: 1
            + np.log((1 + len(readings)) / (1 + np.array([messages[part][term] for term in terms[part]], float)))
            for part in terms
        }
        return cls(terms, rarities)

    def vector(self, reading: Reading) -> Vector:
        words, word_values, in_words = self._weighted(list(self._word_terms(reading)))
        characters, character_values, in_characters = self._weighted(list(self._character_terms(reading)))
        signals = Counter(self.signal_column(signal.name) for signal in reading.signals)
        signal_values = np.array([SIGNAL_WEIGHT * log2(1 + count) for count in signals.values()])
        places, first, last = np.concatenate([in_words, in_characters + np.array([len(words), 0, 0])]).T
        values = np.concatenate([word_values, character_values, signal_values]).astype(np.float32)
        return Vector(np.array([*words, *characters, *signals], int), values, places, first, last)

    def transform(self, readings: Sequence[Reading]) -> csr_matrix:
        """One row for each reading."""
        vectors = [self.vector(reading) for reading in readings]
        ends = np.cumsum([0, *(len(vector.columns) for vector in vectors)])
        columns = np.concatenate([vector.columns for vector in vectors])
        values = np.concatenate([vector.values for vector in vectors]).astype(np.float64)
        rows = csr_matrix((values, columns, ends), shape=(len(vectors), self.width))
        rows.sort_indices()
        return rows

    def signal_column(self, name: str) -> int:
        """The column of the signal `name`. Areas differ between councils, so all of them are one to a model."""
        return self._signals[ANY_AREA if name.startswith(AREA) else name]

    def _weighted(self, terms: list[tuple[int, int, int]]) -> tuple[list[int], Floats, Integers]:
        """Columns, their values, and for each of `terms` (column, first word, last word) its place in these."""
        counts = Counter(column for column, _, _ in terms)
        places = {column: place for place, column in enumerate(counts)}
        columns = list(counts)
        values = (
            (1 + np.log(np.array(list(counts.values()), float))) * self._rarities[columns] if columns else np.zeros(0)
        )
        length = np.sqrt((values**2).sum()) or 1.0
        occurrences = np.array([(places[column], first, last) for column, first, last in terms], int).reshape(-1, 3)
        return columns, values / length, occurrences

    def _word_terms(self, reading: Reading) -> Iterator[tuple[int, int, int]]:
        forms = [word.form for word in reading.words]
        for position, form in enumerate(forms):
            if form in self._words:
                yield self._words[form], position, position
        for position, pair in enumerate(_pairs(forms)):
            if pair in self._words:
                yield self._words[pair], position, position + 1

    def _character_terms(self, reading: Reading) -> Iterator[tuple[int, int, int]]:
        for position, word in enumerate(reading.words):
            if not word.masked:
                for column in self._characters_of(word.form):
                    yield column, position, position

    def _character_columns(self, word: str) -> tuple[int, ...]:
        return tuple(self._characters[term] for term in _characters(word) if term in self._characters)


def _pairs(forms: Sequence[str]) -> list[str]:
    return [f"{left} {right}" for left, right in pairwise(forms)]


def _characters(word: str) -> list[str]:
    padded = f" {word} "
    return [padded[start : start + n] for n in range(2, 6) for start in range(len(padded) - n + 1)]
