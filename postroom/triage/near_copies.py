"""Whether two messages say nearly the same in nearly the same words. Pure: no database, no network, no web.

A message is the set of its runs of three words, with names, numbers and addresses masked, and without salutation,
close and what we wrote ourselves. How much of two such sets is shared says how near they are. To find the near ones
among a million without comparing them all, each set is summed up by smallest hashes (Broder, "On the resemblance and
containment of documents", 1997), a few at a time in bands: near sets agree in some band, others hardly ever do.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b, shake_256

import numpy as np

RUN = 3
ROWS, BANDS = 3, 20
"""Two sets that share the part s of all their runs agree in some band with the probability 1 - (1 - s**ROWS)**BANDS."""
LEAST_WORDS = 14
"""Fewer words are ordinary ("Thank you for your help"): they are near nothing but what the same person wrote."""
LEAST_RUNS = 3
LEAST_SHARED = 12
"""Runs of words that a copy shares with its original, unless both are from one person."""
COPY_FROM = 0.35
"""The part that is shared of all runs of both, from which one is a near-copy of the other …"""
WITHIN_FROM = 0.6
"""… or of the runs of the shorter one, which stands in the longer then."""
REPEATED_FROM = 0.8
"""As `COPY_FROM` and `WITHIN_FROM`, of two messages from one person: whoever reports often uses the same words."""
MASK = "#"
LONGEST = 20_000
"""Characters that are read of a message, from its beginning."""

_WORD = re.compile(r"\S{1,80}@\S{1,80}|(?:https?://|www\.)\S+|[^\W_]+(?:['-][^\W_]+)*")
_APOSTROPHES = str.maketrans("’‘`", "'''")
_SALUTATION = re.compile(
    r"\s*(?:dear|hi|hiya|hello|hey|good (?:morning|afternoon|evening)|to whom|fao|for the attention of|sir)\b.{0,60}$",
    re.IGNORECASE,
)
_CLOSE = re.compile(
    r"\s*(?:yours|(?:with )?(?:kind(?:est)?|best|warm(?:est)?|many)? ?(?:regards|wishes|thanks)|thank you|sincerely"
    r"|cheers|respectfully|from)\b[\w ]{0,30}[.,!]?\s*$",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\s*[>|]")
_QUOTE_BEGINS = re.compile(r"\s*(?:-{2,} ?original message|_{8,}\s*$|on .{6,120} wrote:\s*$|from: .+@)", re.IGNORECASE)
_FIELD = re.compile(r"^\s*[A-Z][\w' ]{1,30}: ?")
WRAPPED_FROM = 50
"""A line of so many characters may go on in the next one, so that a capital there need not begin a sentence."""
_TEMPLATE_TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_TEMPLATE_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_CLOSE_WITHIN = 8
"""Lines from the end in which a message takes its leave."""
_MULTIPLIERS, _SUMMANDS = np.frombuffer(shake_256(b"near copies").digest(ROWS * BANDS * 16), "<u8").reshape(2, -1, 1)


@dataclass(frozen=True)
class Wording:
    """The words of one message, as they are compared. `facts` are what is masked: names, numbers, addresses."""

    words: tuple[str, ...]
    facts: frozenset[str]
    salt: str = ""

    @cached_property
    def runs(self) -> frozenset[int]:
        """Its runs of words as numbers of 64 bits."""
        salt = self.salt.encode()[:16]
        return frozenset(
            int.from_bytes(blake2b(run.encode(), digest_size=8, key=salt).digest(), "little") for run in self._runs()
        )

    def _runs(self) -> Iterator[str]:
        for start in range(len(self.words) - RUN + 1):
            yield " ".join(self.words[start : start + RUN])


@dataclass(frozen=True)
class Nearness:
    """How much two messages share: runs of words, their part of all, and their part of the shorter one's."""

    shared: int
    of_all: float
    of_shorter: float

    @property
    def is_copy(self) -> bool:
        """Whether one is a near-copy of the other, whoever wrote them."""
        return self.shared >= LEAST_SHARED and (self.of_all >= COPY_FROM or self.of_shorter >= WITHIN_FROM)


def wording_of(text: str, sender: str, ours: frozenset[int] = frozenset()) -> Wording | None:
    """The wording of the writer's own new words; None where they are too few to be told from anybody's. `ours` are the
    runs of our own letters (`letter_runs`): a message that says little else says nothing of its own."""
    words, facts = _words(text[:LONGEST])
    short = len(words) < LEAST_WORDS
    wording = Wording(words, facts, sender.lower() if short else "")
    if len(wording.runs) < LEAST_RUNS or (short and not sender):
        return None
    own = Wording(words, facts).runs - ours
    return wording if len(own) * 2 >= len(wording.runs) else None


def letter_runs(templates: Iterable[str]) -> frozenset[int]:
    """The runs of words in templates of letters, with anything where a value stands."""
    found: set[int] = set()
    for template in templates:
        text = _TEMPLATE_VALUE.sub(" 0 ", _TEMPLATE_TAG.sub("\n", template))
        found |= Wording(*_words(text)).runs
    return frozenset(found)


def bands(wording: Wording) -> list[int]:
    """Keys of 64 bits with a sign; of two near wordings some are equal. The same for ever: they are stored."""
    runs = np.fromiter(wording.runs, np.uint64)
    smallest = (
        (((_MULTIPLIERS | np.uint64(1)) * runs + _SUMMANDS) >> np.uint64(32))
        .min(axis=1)
        .astype("<u4")
        .reshape(BANDS, ROWS)
    )
    digests = (blake2b(bytes([band]) + row.tobytes(), digest_size=8).digest() for band, row in enumerate(smallest))
    return [int.from_bytes(digest, "little", signed=True) for digest in digests]


def nearness(one: Wording, other: Wording) -> Nearness:
    """How much two wordings share."""
    shared = len(one.runs & other.runs)
    return Nearness(
        shared,
        shared / max(1, len(one.runs | other.runs)),
        shared / max(1, min(len(one.runs), len(other.runs))),
    )


def is_repeated(one: Wording, other: Wording) -> bool:
    """Whether of two messages of one person the later one tells what the earlier one told: in nearly the same words,
    of the same places, dates and people."""
    near = nearness(one, other)
    same_facts = one.facts <= other.facts or other.facts <= one.facts
    return same_facts and max(near.of_all, near.of_shorter) >= REPEATED_FROM


def _words(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """The words in lower case, names, numbers and addresses masked (several in a row by one mask), and what those
    were. A name is what is written with a capital inside a sentence."""
    words: list[str] = []
    facts: set[str] = set()
    begins = True
    for line in _own_lines(text):
        shouted = line.isupper()
        for found in _WORD.finditer(line):
            word = found[0]
            named = word[0].isupper() and len(word) > 1 and not begins and not shouted and not word.startswith("I'")
            if named or any(sign.isdigit() or sign in "@/" for sign in word):
                facts.add(word.lower())
                word = MASK
            begins = line[found.end() : found.end() + 1] in {".", "!", "?", ":"}
            if word != MASK or words[-1:] != [MASK]:
                words.append(word.lower())
        begins = begins or len(line) < WRAPPED_FROM
    return tuple(words), frozenset(facts)


def _own_lines(text: str) -> Iterator[str]:
    """The lines without greetings, close and quotations, and without the names of a form's fields."""
    lines = [line for line in text.translate(_APOSTROPHES).splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if _QUOTE_BEGINS.match(line) or (number and number >= len(lines) - _CLOSE_WITHIN and _CLOSE.match(line)):
            return
        if not _QUOTED.match(line) and not (number < 3 and _SALUTATION.match(line)):
            yield _FIELD.sub("", line)
