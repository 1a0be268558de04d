"""Whether a message holds two separate matters, and where the second begins. Pure: no database, no network, no web.

A writer who turns to something else mostly says so ("also", "another thing", "while I am writing", a list of two), and
then speaks of another topic. Each sign alone misleads: "also" mostly adds to the one matter. So a second matter needs
such a sign, topics that the other side does not name, and a model that sees the work of two.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

LEAST_WORDS = 5
"""A part with fewer words is a remark."""
HEADING = 4
"""So few words in capitals before a beginning are its heading."""
MOST_PLACES = 4
"""Places that are looked at in one message."""

_GENERAL = frozenset({"money", "court", "appeal", "complaints_process", "agency", "contact_centre", "information_act"})
"""Topics that any matter may have besides its own."""
_SAME = (
    frozenset({"roads", "traffic", "countryside"}),
    frozenset({"adult_care", "charging", "nhs"}),
    frozenset({"send", "admissions", "school", "school_transport", "disabled_children", "adult_learning"}),
    frozenset({"social_work", "fostering", "leaving_care", "early_help", "youth_justice", "reviewing", "police"}),
    frozenset({"social_work", "disabled_children", "send"}),
    frozenset({"badges", "traffic"}),
)
"""Topics that one matter often has together."""


class Because(StrEnum):
    """What shows that another matter begins, the plainest sign first."""

    SAID = "said"
    """The writer says so: "on a separate matter"."""
    LISTED = "listed"
    """It is the second of two items."""
    ADDED = "added"
    """The writer adds something ("also"), or has announced two things and goes on."""


@dataclass(frozen=True)
class Topic:
    """A topic named at a place of the text."""

    name: str
    at: int


@dataclass(frozen=True)
class Place:
    """Where another matter may begin. `apart`: each side names a topic, and neither names the other's."""

    at: int
    because: Because
    apart: bool


@dataclass(frozen=True)
class Opinion:
    """What a model says of one part read alone: whose work it is, and how probably (0 to 1)."""

    work: str
    probability: float


_SAID = re.compile(
    r"""(?:(?:and|oh|but|also|finally|lastly|now)[,\ ]+){0,3}
    (?: (?:on|regarding|about|as\ for|there\ is|there's|i\ have|i've|with)?\ ?(?:a|an|one|my|the)?\ ?
        (?:completely\ |totally\ |quite\ )?(?:separate|different|unrelated|other|another|further)
        [ ](?:\w+\ )?(?:matter|subject|issue|thing|question|note|point|topic|problem|complaint|request|query)\b
      | (?:the|my|a)\ second\ (?:matter|subject|thing|question|topic|complaint|request|query)\b
      | (?:the|my)\ (?:second|other)\ (?:is|one|concerns|of)\b
      | another\ (?:matter|thing|question|issue|problem)\b
      | one\ (?:more|other|last)\ (?:thing|question|matter)\b
      | (?:quite\ )?separately\b | unrelated\b | incidentally\b | by\ the\ way\b | btw\b | moving\ on\b
      | (?:apart|aside)\ from\ (?:that|this)\b | in\ other\ news\b | something\ (?:quite\ |completely\ )?different\b
      | p\.?\ ?s\b\.? | secondly\b | second\ of\ all\b | second\s*[:,-]
      | (?:while|whilst|since|as)\ (?:i\ am|i'm|im|i\ have|i've|ive|we\ are|we're)
        [ ](?:writing|on|at\ it|here|got\ you|about\ it|in\ touch)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_ADDED = re.compile(
    r"""(?:(?:and|oh|but|finally|lastly)[,\ ]+){0,3}
    (?: also\b | (?:i|we)\ (?:would|'d|should|do|am|have|wanted|want|will|must)?\ ?(?:however\ )?also\b
      | in\ addition\b | additionally\b | as\ well\ as\ (?:that|this)\b | on\ top\ of\ (?:that|this)\b | oh,?\ and\b
      | (?:can|could)\ (?:you|someone|somebody)\ also\b | please\ (?:also|can\ you\ also)\b
      | i\ (?:have|do\ have)\ (?:\w+\ ){0,2}(?:question|complaint|problem)\ (?:too|as\ well)\b | lastly\b | finally\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_ANNOUNCED = re.compile(r"\b(?:two|couple of) (?:\w+ )?(?:things|matters|questions|queries|issues)\b", re.IGNORECASE)
_THIRD = re.compile(r"\b(?:third(?:ly)?|fourth(?:ly)?)\b", re.IGNORECASE)
_INSIDE = re.compile(
    r"(?<=\w)[,;]? (?=(?:and also|oh and|and another thing|separate question|another question|also can)\b)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])[)\"']*\s+|\n+\s*")
_ITEM = re.compile(r"(?:\(?(\d{1,2}|[a-z])[.)]|[*•-])\s", re.IGNORECASE)
_HEAD = re.compile(r"[A-Z][\w' ]{2,30}:\s(?=.{20})")

SURE_APART = {Because.SAID: 0.6, Because.LISTED: 0.6, Because.ADDED: 0.9}
"""How probable the work of each part must be where the parts are apart …"""
SURE_FROM = {Because.SAID: 0.75, Because.LISTED: 0.95, Because.ADDED: 0.95}
"""… and where the topics alone don't tell."""


def places(text: str, topics: Sequence[Topic]) -> list[Place]:
    """Where a second matter may begin in `text`, in which `topics` were named; the plainest first."""
    found = [Place(at, because, _apart(at, topics)) for at, because in _beginnings(text)]
    return sorted(found, key=lambda place: (list(Because).index(place.because), not place.apart))[:MOST_PLACES]


def is_second_matter(place: Place, first: Opinion, second: Opinion) -> bool:
    """Whether what begins there is a matter of its own, by what a model says of the text before and after it. In any
    doubt it is not."""
    if first.work == second.work:
        return False
    sure_from = SURE_APART if place.apart else SURE_FROM
    return min(first.probability, second.probability) >= sure_from[place.because]


def _beginnings(text: str) -> Iterator[tuple[int, Because]]:
    starts = sorted({0, *(found.end() for pattern in (_SENTENCE, _INSIDE) for found in pattern.finditer(text))})
    items = [start for start in starts if _ITEM.match(text, start)]
    heads = [] if items else [start for start in starts if _HEAD.match(text, start)]
    listed = next((both[1] for both in (items, heads) if len(both) == 2), None)
    announced = _ANNOUNCED.search(text) is not None
    for before, start in pairwise(starts):
        sign = _sign(text, start) or (Because.ADDED if announced else None)
        because = Because.LISTED if start == listed else None if len(items) > 2 else sign
        if because is None:
            continue
        heading = text[before:start]
        at = before if heading.isupper() and len(heading.split(None, HEADING)) <= HEADING else start
        if all(len(part.split(None, LEAST_WORDS)) >= LEAST_WORDS for part in (text[:at], text[at:])):
            yield at, because


def _sign(text: str, start: int) -> Because | None:
    if _SAID.match(text, start):
        return None if _THIRD.search(text, start) else Because.SAID
    return Because.ADDED if _ADDED.match(text, start) else None


def _apart(at: int, topics: Sequence[Topic]) -> bool:
    """Whether both sides name a topic, and neither names the main one of the other or one that goes with it."""
    first = Counter(topic.name for topic in topics if topic.at < at and topic.name not in _GENERAL)
    second = Counter(topic.name for topic in topics if topic.at >= at and topic.name not in _GENERAL)
    if not first or not second:
        return False
    (of_first, _), (of_second, _) = first.most_common(1)[0], second.most_common(1)[0]
    together = any({of_first, of_second} <= same for same in _SAME)
    return of_first not in second and of_second not in first and not together
