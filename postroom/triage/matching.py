"""Finds the signals of `signals.py` in a text. Every rule becomes phrases, since looking phrases up costs nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from postroom.triage.signals import PATTERNS, Near, wordings

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


class SignalMatcher:
    """Rules compiled for one spaCy pipeline."""

    def __init__(self, english: Language) -> None:
        self._english = english
        self._phrases = PhraseMatcher(english.vocab, attr="LOWER")
        self._names: dict[int, str] = {}
        self._near: dict[str, tuple[str, str, int]] = {}
        self._words = _WordIndex({name: wording.words for name, wording in wordings().items()})
        for name, wording in wordings().items():
            self._add(name, [english.make_doc(phrase) for phrase in wording.phrases])
        for name, patterns in PATTERNS.items():
            for number, pattern in enumerate(patterns):
                if isinstance(pattern, Near):
                    left, right = f"{name} {number} left", f"{name} {number} right"
                    self._near[left] = (name, right, pattern.between)
                    self._add(left, self._docs(pattern.left))
                    self._add(right, self._docs(pattern.right))
                else:
                    self._add(name, self._docs(pattern))

    def __call__(self, doc: Doc, tokens: Tokens) -> list[Found]:
        """Each signal found, with its name. Those of one signal don't overlap."""
        by_signal: dict[str, list[Found]] = {}
        for found in (*self._found(doc, tokens), *self._words(tokens)):
            by_signal.setdefault(found[0], []).append(found)
        return [found for several in by_signal.values() for found in _apart(several)]

    def _add(self, name: str, phrases: list[Doc]) -> None:
        self._phrases.add(name, phrases)
        self._names[self._english.vocab.strings[name]] = name

    def _docs(self, phrases: Iterable[str]) -> list[Doc]:
        return [Doc(self._english.vocab, words=phrase.split()) for phrase in phrases]

    def _found(self, doc: Doc, tokens: Tokens) -> Iterator[Found]:
        by_name: dict[str, list[Found]] = {}
        for key, start, end in self._phrases(doc):
            name = self._names[key]
            by_name.setdefault(name, []).append((name, start, end))
        for name, found in by_name.items():
            if name in self._near:
                signal, right, between = self._near[name]
                if right in by_name:
                    yield from _joined(tokens, signal, found, by_name[right], between)
            elif name in wordings():
                yield from found


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
