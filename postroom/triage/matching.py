"""Finds the signals of `signals.py` in a text. Every rule becomes phrases, since looking phrases up costs nothing."""

from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from postroom.triage.signals import PATTERNS, Near, wordings

_STOPS = {".", "!", "?", ";"}


class SignalMatcher:
    """Rules compiled for one spaCy pipeline."""

    def __init__(self, english: Language) -> None:
        self._english = english
        self._phrases = PhraseMatcher(english.vocab, attr="LOWER")
        self._near: dict[str, tuple[str, str, int]] = {}
        self._words = _WordIndex({name: wording.words for name, wording in wordings().items()})
        for name, wording in wordings().items():
            self._phrases.add(name, [english.make_doc(phrase) for phrase in wording.phrases])
        for name, patterns in PATTERNS.items():
            for number, pattern in enumerate(patterns):
                if isinstance(pattern, Near):
                    left, right = f"{name} {number} left", f"{name} {number} right"
                    self._near[left] = (name, right, pattern.between)
                    self._add(left, pattern.left)
                    self._add(right, pattern.right)
                else:
                    self._add(name, pattern)

    def __call__(self, doc: Doc) -> list[Span]:
        """A span for each signal found, labelled with its name. Those of one signal don't overlap."""
        by_signal: dict[str, list[Span]] = {}
        for span in (*self._spans(doc), *self._words(doc)):
            by_signal.setdefault(span.label_, []).append(span)
        return [span for spans in by_signal.values() for span in filter_spans(spans)]

    def _add(self, name: str, phrases: Iterable[str]) -> None:
        self._phrases.add(name, [Doc(self._english.vocab, words=phrase.split()) for phrase in phrases])

    def _spans(self, doc: Doc) -> Iterator[Span]:
        found: dict[str, list[Span]] = {}
        for span in self._phrases(doc, as_spans=True):
            found.setdefault(span.label_, []).append(span)
        for name, spans in found.items():
            if name in self._near:
                signal, right, between = self._near[name]
                yield from _joined(doc, signal, spans, found.get(right, []), between)
            elif name in wordings():
                yield from spans


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

    def __call__(self, doc: Doc) -> list[Span]:
        return [Span(doc, token.i, token.i + 1, label=name) for token in doc for name in self._names(token.lower_)]

    def _names(self, word: str) -> Iterator[str]:
        yield from self._whole.get(word, ())
        for length in self._lengths:
            if length > len(word):
                return
            yield from self._beginnings.get(word[:length], ())


def _joined(doc: Doc, signal: str, lefts: list[Span], rights: list[Span], between: int) -> Iterator[Span]:
    """From each left to the nearest right, where no sentence ends in between."""
    by_start = {right.start: right for right in rights}
    for left in lefts:
        for position in range(left.end, min(left.end + between + 1, len(doc))):
            if position in by_start:
                yield Span(doc, left.start, by_start[position].end, label=signal)
                break
            if doc[position].text in _STOPS or doc[position].is_space:
                break
