"""What is read in a message before any model: its words, with names masked, and the signals that stand in it.

Tokens come from spaCy's blank English, which needs no download. Positions are those of the text that
`text_of` makes, so that a model's reasons can be shown in the writer's own words.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock
from typing import NamedTuple

import spacy
from spacy.lang.lex_attrs import is_punct, like_email, like_url

from postroom.models.settings import Settings
from postroom.triage.corpus import Text
from postroom.triage.matching import Found, Phrases, SignalMatcher, Tokens
from postroom.triage.signals import AREA, MONTHS, SERVICE, Signal

LONGEST = 8_000
"""Characters that are read of a text: three quarters from its beginning, the rest from its end."""
LONGEST_WORD = 80
TOGETHER = 5_000
"""Runs of letters and marks after which spaCy forgets the words that it has learned, else they are kept for ever."""
WORDS_REMEMBERED = 50_000

MASK = "‹"
"""What a mask begins with."""
NAME = "‹name›"
NUMBER = "‹number›"
PLACE = "‹place›"
ADDRESS = "‹address›"
COMPLIMENTS = "compliments_address"
CHAT = "chat"

_RUNS = re.compile(r"\S+|\s{2,}|[^\S ]")
"""All but a single space, which is no token."""
_LONG_RUN = re.compile(rf"(\S{{{LONGEST_WORD}}})(?=\S)")
_APOSTROPHES = str.maketrans("’‘`", "'''")
_TITLES = {"mr", "mrs", "ms", "miss", "dr", "cllr", "councillor", "sir", "dame", "lady", "lord", "pc", "prof", "rev"}
_MEMBER_SENDER = re.compile(r"\b(?:cllr|councillor|mp)\b|parliament|\bmembers\.", re.IGNORECASE)
_PHONE = re.compile(r"(?<!\w)(?:\+44|\(?0)[\d\s()-]{8,14}\d(?!\w)")
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", re.IGNORECASE)
_ROADS = {"road", "rd", "street", "st", "lane", "ln", "avenue", "ave", "way", "drive", "close", "crescent", "terrace"}
_CALENDAR = set(MONTHS.split()) | {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}


@dataclass(frozen=True)
class Reading:
    """What was read in one message. `forms` are its words as models see them, lower case or a mask; each stands at the
    characters `starts` to `ends`."""

    text: str
    forms: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    signals: tuple[Signal, ...]


def text_of(subject: str, body: str) -> str:
    """Subject and body as one text, at most `LONGEST` characters; of a longer one, its beginning and its end.

    What has no space for `LONGEST_WORD` characters is cut into pieces: spaCy takes seconds over a long run of signs.
    """
    text = f"{subject.strip()[:LONGEST]}\n\n{body.strip()}".strip()
    if len(text) > LONGEST:
        head = LONGEST * 3 // 4
        text = f"{text[:head]}\n\n{text[head + 2 - LONGEST :]}"
    return _LONG_RUN.sub(r"\1 ", text.translate(_APOSTROPHES))


class _Shape(NamedTuple):
    """What the letters of a token alone tell."""

    lower: str
    mask: str
    """What stands instead of it wherever it stands, or nothing."""
    capital: bool
    """Whether it is written as a name is: Mary, but not MASH."""
    title: bool
    """Whether a name follows."""
    silent: bool
    """Whether it is no word: space, or punctuation that neither asks nor shouts."""


@lru_cache(WORDS_REMEMBERED)
def _shape(text: str) -> _Shape:
    lower = text.lower()
    mask = ADDRESS if like_email(text) or like_url(text) else NUMBER if lower[0].isdigit() else ""
    capital = text.isalpha() and text[0].isupper() and not text.isupper()
    silent = text.isspace() or (is_punct(text) and text not in "?!")
    return _Shape(lower, mask, capital, lower.rstrip(".") in _TITLES, silent)


class _English:
    """A blank pipeline with all rules. One reads at a time, for spaCy keeps what it learns of words by the pipeline."""

    def __init__(self) -> None:
        self._pipeline = spacy.blank("en")
        getters = self._pipeline.vocab.lex_attr_getters  # type: ignore[attr-defined]  # spaCy's stubs leave it out
        getters.clear()  # nine tenths of the time that a new word takes
        self._exceptions = frozenset(self._pipeline.Defaults.tokenizer_exceptions)
        self._learned = ExitStack()
        self._cuts = 0
        self._pieces_of = lru_cache(WORDS_REMEMBERED)(self._cut)
        self.lock = Lock()
        self.signals = SignalMatcher(lambda phrase: self.tokens(phrase)[0].lower)

    def tokens(self, text: str) -> tuple[Tokens, list[_Shape]]:
        """The tokens of `text`, as spaCy cuts them: it cuts each run between spaces by itself, and most runs come
        again. Whoever asks holds the lock."""
        starts: list[int] = []
        ends: list[int] = []
        shapes: list[_Shape] = []
        for run in _RUNS.finditer(text):
            at = run.start()
            for start, end, shape in self._pieces_of(run[0]):
                starts.append(at + start)
                ends.append(at + end)
                shapes.append(shape)
        return Tokens(starts, ends, [shape.lower for shape in shapes]), shapes

    def _cut(self, run: str) -> tuple[tuple[int, int, _Shape], ...]:
        if run.isspace():
            blank = run.removeprefix(" ")
            return ((len(run) - len(blank), len(run), _shape(blank)),)
        if run.isascii() and run.isalpha() and run not in self._exceptions:
            return ((0, len(run), _shape(run)),)  # a whole word, which spaCy would ponder for as long as ten others
        if self._cuts % TOGETHER == 0:
            self._learned.close()
            self._learned.enter_context(self._pipeline.memory_zone())
        self._cuts += 1
        places = [(token.idx, token.idx + len(token)) for token in self._pipeline.make_doc(run)]
        return tuple((start, end, _shape(run[start:end])) for start, end in places)


@cache
def _english() -> _English:
    """The same for each council, since it takes a fifth of a second to make."""
    return _English()


class Reader:
    """Reads messages for one council, whose places become signals of their areas.

    `ordinary` are words that people write in lower case: any other word with a capital is taken for a name. Words of
    `services` become signals of these.
    """

    def __init__(
        self, settings: Settings, ordinary: Iterable[str], services: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._ordinary = _CALENDAR | set(ordinary)
        self._compliments = settings.council.addresses.compliments
        self._english = _english()
        self._places = Phrases()
        self._services = Phrases()
        with self._english.lock:
            for area, places in settings.council.places.items():
                self._places.add(AREA + area, [self._english.tokens(place)[0].lower for place in places])
            for service, phrases in (services or {}).items():
                cut = [self._english.tokens(phrase)[0].lower for phrase in phrases]
                self._ordinary.update(word for words in cut for word in words)
                self._services.add(SERVICE + service, [form for words in cut for form in _numbers(words)])

    def read(self, message: Text) -> Reading:
        """Words and signals of `message`. Never fails on any text."""
        with self._english.lock:
            return self._read(message)

    def read_many(self, messages: Sequence[Text]) -> list[Reading]:
        """The same for each of them."""
        return [self.read(message) for message in messages]

    def _read(self, message: Text) -> Reading:
        text = text_of(message.subject, message.body)
        tokens, shapes = self._english.tokens(text)
        places = [place for place in self._places(tokens.lower) if not _is_street(tokens, place)]
        found = (*places, *self._english.signals(tokens), *self._services(tokens.lower))
        signals = [_signal(name, text, tokens.starts[start], tokens.ends[end - 1]) for name, start, end in found]
        masks = self._masks(text, tokens, shapes, message.from_name, places)
        return Reading(text, *_words(tokens, shapes, masks), (*self._envelope(message), *signals))

    def _masks(
        self, text: str, tokens: Tokens, shapes: list[_Shape], from_name: str, places: list[Found]
    ) -> dict[int, str]:
        """What stands instead of the words that tell who somebody is or where they live, by the word's position."""
        own = {part.lower() for part in re.findall(r"\w{3,}", from_name)} - self._ordinary
        masks = {}
        after_title = False
        for position, shape in enumerate(shapes):
            if shape.mask:
                masks[position] = shape.mask
            elif shape.lower in own or (shape.capital and (after_title or shape.lower not in self._ordinary)):
                masks[position] = NAME
            after_title = shape.title
        for number in (*_PHONE.finditer(text), *_POSTCODE.finditer(text)):
            inside = range(bisect_right(tokens.ends, number.start()), bisect_left(tokens.starts, number.end()))
            masks.update(dict.fromkeys(inside, ADDRESS))
        for _, start, end in places:
            masks.update(dict.fromkeys(range(start, end), PLACE))
        return masks

    def _envelope(self, message: Text) -> Iterator[Signal]:
        """Signals that stand outside the text, with an empty position."""
        sender = next((s for s in (message.from_name, message.from_email) if _MEMBER_SENDER.search(s)), "")
        if sender:
            yield Signal("member", sender, 0, 0)
        if self._compliments in message.to.lower():
            yield Signal(COMPLIMENTS, message.to, 0, 0)
        if message.channel == "chat":
            yield Signal(CHAT, "chat", 0, 0)


def lower_case_words(messages: Iterable[Text]) -> set[str]:
    """Words that some message writes in lower case: a `Reader`'s ordinary words."""
    english = _english()
    words: set[str] = set()
    for message in messages:
        with english.lock:
            text = text_of(message.subject, message.body)
            tokens, _ = english.tokens(text)
        found = (text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True))
        words.update(word for word in found if word.islower() and word.isalpha())
    return words


def _numbers(words: list[str]) -> Iterator[list[str]]:
    """A phrase of one and of several: pothole and potholes."""
    *before, last = words
    yield words
    if last.endswith("s"):
        yield [*before, last[:-1]]
    else:
        yield [*before, f"{last}s"]
        if last.endswith("y"):
            yield [*before, f"{last[:-1]}ies"]


def _signal(name: str, text: str, start: int, end: int) -> Signal:
    return Signal(name, text[start:end], start, end)


def _is_street(tokens: Tokens, place: Found) -> bool:
    """Coventry Road is not in Coventry."""
    _, _, end = place
    return end < len(tokens.lower) and tokens.lower[end].rstrip(".") in _ROADS


def _words(
    tokens: Tokens, shapes: list[_Shape], masks: dict[int, str]
) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    """Forms, beginnings and ends of the words."""
    forms = tokens.lower.copy()
    for position, mask in masks.items():
        forms[position] = mask
    kept = [position for position, shape in enumerate(shapes) if not shape.silent]
    starts, ends = tokens.starts, tokens.ends
    return tuple([forms[i] for i in kept]), tuple([starts[i] for i in kept]), tuple([ends[i] for i in kept])
