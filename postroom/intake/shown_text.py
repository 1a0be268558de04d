"""The words of a mail, and which of their lines are known to be older than the mail."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class ShownText:
    """`history`: ranges of lines, the second number not included, that the HTML says are quoted or introduce it."""

    text: str
    history: tuple[tuple[int, int], ...] = ()


NOTHING = ShownText("")


def plain(text: str) -> ShownText:
    """`text` without empty lines around it."""
    return ShownText(text.strip("\n"))


def join(texts: Iterable[ShownText]) -> ShownText:
    """`texts` one below the other, with an empty line between them; the empty ones left out."""
    kept = [text for text in texts if text.text.strip()]
    if len(kept) == 1:
        return kept[0]
    history: list[tuple[int, int]] = []
    lines = 0
    for text in kept:
        history += ((start + lines, end + lines) for start, end in text.history)
        lines += text.text.count("\n") + 2
    return ShownText("\n\n".join(text.text for text in kept), tuple(history))
