"""What is read in a message before any model: its words, with names masked, and the signals that stand in it.

Tokens and rules come from spaCy's blank English, which needs no download. Positions are those of the text that
`text_of` makes, so that a model's reasons can be shown in the writer's own words.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from threading import Lock

import spacy
from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span, Token

from postroom.models.settings import Settings
from postroom.triage.corpus import Text
from postroom.triage.matching import SignalMatcher
from postroom.triage.signals import AREA, MONTHS, Signal

LONGEST = 8_000
"""Characters that are read of a text: three quarters from its beginning, the rest from its end."""
LONGEST_WORD = 80

NAME = "‹name›"
NUMBER = "‹number›"
PLACE = "‹place›"
ADDRESS = "‹address›"
COMPLIMENTS = "compliments_address"
CHAT = "chat"

_LONG_RUN = re.compile(rf"(\S{{{LONGEST_WORD}}})(?=\S)")
_APOSTROPHES = str.maketrans("’‘`", "'''")
_TITLES = {"mr", "mrs", "ms", "miss", "dr", "cllr", "councillor", "sir", "dame", "lady", "lord", "pc", "prof", "rev"}
_MEMBER_SENDER = re.compile(r"\b(?:cllr|councillor|mp)\b|parliament|\bmembers\.", re.IGNORECASE)
_PHONE = re.compile(r"(?<!\w)(?:\+44|\(?0)[\d\s()-]{8,14}\d(?!\w)")
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", re.IGNORECASE)
_ROADS = {"road", "rd", "street", "st", "lane", "ln", "avenue", "ave", "way", "drive", "close", "crescent", "terrace"}
_CALENDAR = set(MONTHS.split()) | {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}


@dataclass(frozen=True)
class Word:
    """A word as models see it, lower case or a mask, and where it stands."""

    form: str
    start: int
    end: int

    @property
    def masked(self) -> bool:
        return self.form.startswith("‹")


@dataclass(frozen=True)
class Reading:
    """What was read in one message."""

    text: str
    words: tuple[Word, ...]
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


@dataclass(frozen=True)
class _English:
    """A blank pipeline with all rules. One reads at a time, for spaCy keeps what it learns of words by the pipeline."""

    pipeline: Language
    signals: SignalMatcher
    lock: Lock


@cache
def _english() -> _English:
    """The same for each council, since it takes a second to compile."""
    pipeline = spacy.blank("en")
    return _English(pipeline, SignalMatcher(pipeline), Lock())


class Reader:
    """Reads messages for one council, whose places become signals of their areas.

    `ordinary` are words that people write in lower case: any other word with a capital is taken for a name.
    """

    def __init__(self, settings: Settings, ordinary: Iterable[str]) -> None:
        self._ordinary = _CALENDAR | set(ordinary)
        self._compliments = settings.council.addresses.compliments
        self._english = _english()
        self._places = PhraseMatcher(self._english.pipeline.vocab, attr="LOWER")
        with self._english.lock:
            for area, places in settings.council.places.items():
                self._places.add(AREA + area, [self._english.pipeline.make_doc(place) for place in places])

    def read(self, message: Text) -> Reading:
        """Words and signals of `message`. Never fails on any text."""
        text = text_of(message.subject, message.body)
        with self._english.lock, self._english.pipeline.memory_zone():  # else each unknown word would be kept for ever
            doc = self._english.pipeline.make_doc(text)
            places = [span for span in self._places(doc, as_spans=True) if not _is_street(doc, span)]
            found = (*places, *self._english.signals(doc))
            signals = [Signal(span.label_, span.text, span.start_char, span.end_char) for span in found]
            words = tuple(_words(doc, self._masks(doc, message.from_name, places)))
        return Reading(text, words, (*self._envelope(message), *signals))

    def _masks(self, doc: Doc, from_name: str, places: list[Span]) -> dict[int, str]:
        """What stands instead of the words that tell who somebody is or where they live, by the word's position."""
        own = {part.lower() for part in re.findall(r"\w{3,}", from_name)} - self._ordinary
        masks = {}
        after_title = False
        for token in doc:
            lower = token.lower_
            if token.like_email or token.like_url:
                masks[token.i] = ADDRESS
            elif lower[0].isdigit():
                masks[token.i] = NUMBER
            elif lower in own or (_capital(token) and (after_title or lower not in self._ordinary)):
                masks[token.i] = NAME
            after_title = lower.rstrip(".") in _TITLES
        for number in (*_PHONE.finditer(doc.text), *_POSTCODE.finditer(doc.text)):
            span = doc.char_span(*number.span(), alignment_mode="expand")
            masks.update({token.i: ADDRESS for token in span or ()})
        masks.update({token.i: PLACE for span in places for token in span})
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
            doc = english.pipeline.make_doc(text_of(message.subject, message.body))
            words.update(token.text for token in doc if token.is_lower and token.is_alpha)
    return words


def _capital(token: Token) -> bool:
    """Whether it is written as a name is: Mary, but not MASH."""
    return token.is_alpha and token.text[0].isupper() and not token.is_upper


def _is_street(doc: Doc, place: Span) -> bool:
    """Coventry Road is not in Coventry."""
    return place.end < len(doc) and doc[place.end].lower_.rstrip(".") in _ROADS


def _words(doc: Doc, masks: dict[int, str]) -> Iterator[Word]:
    for token in doc:
        form = masks.get(token.i) or token.lower_
        if not (token.is_space or (token.is_punct and form not in "?!")):
            yield Word(form, token.idx, token.idx + len(token))
