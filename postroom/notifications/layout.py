"""What a letter's text consists of: headings, paragraphs and lists. Pure.

A line that begins with "# " is a heading, lines that begin with "- " are a list, an empty line ends a paragraph. The
same text becomes the plain part of a mail, its HTML part and the letter on paper.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

_HEADING, _POINT = "# ", "- "


@dataclass(frozen=True)
class Block:
    """`lines` are the lines of a paragraph, the points of a list, or the one line of a heading."""

    kind: Literal["heading", "paragraph", "list"]
    lines: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """The blocks of a letter in their order."""
    found: list[Block] = []
    lines = [line.rstrip() for line in text.splitlines()]
    for filled, group in groupby(lines, key=bool):
        if filled:
            found += _blocks_of(list(group))
    return found


def _blocks_of(lines: list[str]) -> Iterator[Block]:
    for kind, group in groupby(lines, key=_kind):
        if kind == "heading":
            yield from (Block("heading", (line.removeprefix(_HEADING).strip(),)) for line in group)
        else:
            yield Block(kind, tuple(line.removeprefix(_POINT) if kind == "list" else line for line in group))


def _kind(line: str) -> Literal["heading", "paragraph", "list"]:
    if line.startswith(_HEADING):
        return "heading"
    return "list" if line.startswith(_POINT) else "paragraph"


def plain(text: str) -> str:
    """The text for a mail's plain part: headings without their mark."""
    lines = (line.removeprefix(_HEADING).strip() if _kind(line) == "heading" else line for line in text.splitlines())
    return "\n".join(lines).strip() + "\n"


def says(text: str, words: str) -> bool:
    """Whether `words` stand in `text`, wherever either wraps its lines."""
    return " ".join(plain(words).split()) in " ".join(plain(text).split())
