"""What somebody typed to search with, as terms: words, phrases in quotation marks, a case's reference. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

MOST_TERMS = 12
YEARS_BACK = 10
AROUND = 110
"""Letters before and after a found word that are shown."""

_PARTS = re.compile(r'"([^"]*)"|([^\s"]+)')
_WORD = re.compile(r"\w+")
_REFERENCE = re.compile(r"(?:(?P<prefix>[A-Z]{1,6})-?)?(?:(?P<year>\d{4})-)?(?P<number>\d{1,12})", re.ASCII)


@dataclass(frozen=True)
class Term:
    """Words that stand one after another. The last may go on, unless it was in quotation marks (`exact`)."""

    words: tuple[str, ...]
    exact: bool = False


@dataclass(frozen=True)
class Found:
    """A stretch of a message's text around a word that was searched for."""

    before: str
    word: str
    after: str


def terms(typed: str) -> list[Term]:
    """The terms that all must be found: "jo@example.org" is three words in a row."""
    found = []
    for quoted, plain in _PARTS.findall(typed):
        words = tuple(_WORD.findall((quoted or plain).lower()))
        if words:
            found.append(Term(words, exact=bool(quoted)))
    return found[:MOST_TERMS]


def references(typed: str, prefix: str, today: date) -> list[str]:
    """The references that somebody may mean: all of one, without its prefix, or the number alone, which may be of
    several years."""
    match = _REFERENCE.fullmatch("".join(typed.split()).upper())
    if match is None or match["prefix"] not in (None, prefix):
        return []
    number = int(match["number"])
    years = [int(match["year"])] if match["year"] else range(today.year, today.year - YEARS_BACK, -1)
    return [f"{prefix}-{year}-{number:06d}" for year in years]


def for_sqlite(wanted: Sequence[Term]) -> str:
    """The terms in the words of FTS5."""
    return " AND ".join(f'"{" ".join(term.words)}"{"" if term.exact else " *"}' for term in wanted)


def for_postgresql(wanted: Sequence[Term]) -> str:
    """The terms in the words of to_tsquery."""
    return " & ".join(
        "(" + " <-> ".join((*term.words[:-1], term.words[-1] + ("" if term.exact else ":*"))) + ")" for term in wanted
    )


def around(text: str, wanted: Sequence[Term]) -> Found:
    """The first place in `text` where one of the words stands, with what is around it; the text's beginning where the
    words themselves are not in it, as when another form of one was found."""
    words = "|".join(re.escape(word) for term in wanted for word in term.words)
    text = " ".join(text.split())
    match = re.search(rf"(?<!\w)(?:{words})\w*", text, re.IGNORECASE) if words else None
    if match is None:
        return Found(_cut(text[: 2 * AROUND + 1], end=len(text) > 2 * AROUND), "", "")
    start, end = max(0, match.start() - AROUND), min(len(text), match.end() + AROUND)
    before = _cut(text[start : match.start()], start=start > 0)
    return Found(before, match[0], _cut(text[match.end() : end], end=end < len(text)))


def _cut(text: str, *, start: bool = False, end: bool = False) -> str:
    """Without the half word at an end where something was cut off."""
    if start:
        text = "…" + (text.partition(" ")[2] or text)
    if end:
        text = (text.rpartition(" ")[0] or text) + "…"
    return text
