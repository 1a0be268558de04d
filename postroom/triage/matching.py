"""Finds the signals of `signals.py` in a text. Every rule becomes phrases, since looking phrases up costs nothing.

spaCy's own matcher makes a document of each phrase; for 34,000 of them that takes most of a second at each start.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from postroom.triage.signals import PATTERNS, Near, wordings

_NAMES = ""
"""Under what a branch keeps the names of the phrases that end there: no word is empty."""
_STOPS = {".", "!", "?", ";"}
WORDS_REMEMBERED = 50_000

Found = tuple[str, int, int]
"""A name, and the token that it begins at and the one after its last."""


@dataclass(frozen=True)
class Tokens:
    """Where a text's tokens begin and end, in characters, and their words in lower case."""

    starts: list[int]
    ends: list[int]
    lower: list[str]


class Phrases:
    """Names by phrases, which are words in lower case: a tree with a branch for each next word."""

    def __init__(self) -> None:
        self._tree: dict[str, Any] = {}

    def add(self, name: str, phrases: Iterable[Sequence[str]]) -> None:
        """Let each of `phrases` be found as `name`."""
        for words in phrases:
            branch = self._tree
            for word in words:
                branch = branch.setdefault(word, {})
            branch.setdefault(_NAMES, {})[name] = None

    def __call__(self, words: Sequence[str]) -> Iterator[Found]:
        """Each phrase that stands in `words`, also those that overlap, in the order of their first words."""
        tree = self._tree
        for start in [place for place, word in enumerate(words) if word in tree]:
            branch, end = tree[words[start]], start + 1
            while True:
                if _NAMES in branch:
                    for name in branch[_NAMES]:
                        yield name, start, end
                if end == len(words) or words[end] not in branch:
                    break
                branch, end = branch[words[end]], end + 1


class SignalMatcher:
    """All rules. `words_of` cuts a phrase into words in the way that texts are cut."""

    def __init__(self, words_of: Callable[[str], Sequence[str]]) -> None:
        self._phrases = Phrases()
        self._near: dict[str, tuple[str, str, int]] = {}
        self._words = _WordIndex({name: wording.words for name, wording in wordings().items()})
        for name, wording in wordings().items():
            self._phrases.add(name, map(words_of, wording.phrases))
        for name, patterns in PATTERNS.items():
            for number, pattern in enumerate(patterns):
                if isinstance(pattern, Near):
                    left, right = f"{name} {number} left", f"{name} {number} right"
                    self._near[left] = (name, right, pattern.between)
                    self._phrases.add(left, map(str.split, pattern.left))
                    self._phrases.add(right, map(str.split, pattern.right))
                else:
                    self._phrases.add(name, map(str.split, pattern))

    def __call__(self, tokens: Tokens) -> list[Found]:
        """Each signal found, with its name. Those of one signal don't overlap."""
        by_signal: dict[str, list[Found]] = {}
        for found in (*self._found(tokens), *self._words(tokens)):
            by_signal.setdefault(found[0], []).append(found)
        return [found for several in by_signal.values() for found in _apart(several)]

    def _found(self, tokens: Tokens) -> Iterator[Found]:
        by_name: dict[str, list[Found]] = {}
        for found in self._phrases(tokens.lower):
            by_name.setdefault(found[0], []).append(found)
        for name, several in by_name.items():
            if name in self._near:
                signal, right, between = self._near[name]
                if right in by_name:
                    yield from _joined(tokens, signal, several, by_name[right], between)
            elif name in wordings():
                yield from several


class _WordIndex:
    """Single words of topics, some of them known by their beginning."""

    def __init__(self, words: dict[str, tuple[str, ...]]) -> None:
        self._whole: dict[str, list[str]] = {}
        self._beginnings: dict[str, list[str]] = {}
        for name, forms in words.items():
            for form in forms:
                known = self._beginnings if form.endswith("*") else self._whole
                known.setdefault(form.rstrip("*"), []).append(name)
        self._lengths = sorted({len(form) for form in self._beginnings})
        self._names_of = lru_cache(WORDS_REMEMBERED)(lambda word: tuple(self._names(word)))

    def __call__(self, tokens: Tokens) -> list[Found]:
        names_of = self._names_of
        return [(name, i, i + 1) for i, word in enumerate(tokens.lower) for name in names_of(word)]

    def _names(self, word: str) -> Iterator[str]:
        yield from self._whole.get(word, ())
        for length in self._lengths:
            if length > len(word):
                return
            yield from self._beginnings.get(word[:length], ())


def _joined(tokens: Tokens, signal: str, lefts: list[Found], rights: list[Found], between: int) -> Iterator[Found]:
    """From each left to the nearest right, where no sentence ends in between."""
    ends = {start: end for _, start, end in rights}
    for _, begin, middle in lefts:
        for position in range(middle, min(middle + between + 1, len(tokens.lower))):
            if position in ends:
                yield signal, begin, ends[position]
                break
            word = tokens.lower[position]
            if word in _STOPS or word.isspace():
                break


def _apart(several: list[Found]) -> list[Found]:
    """Those that don't overlap, in the order of the text: of two that do, the longer one; of equals, the first."""
    if len(several) == 1:
        return several
    kept: list[Found] = []
    taken: set[int] = set()
    for found in sorted(several, key=lambda found: (found[1] - found[2], found[1])):
        _, start, end = found
        if start not in taken and end - 1 not in taken:
            kept.append(found)
            taken.update(range(start, end))
    return sorted(kept, key=lambda found: found[1])
