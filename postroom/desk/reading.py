"""How a message's text is shown: the writer's new words first, what spoke for a label marked. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from typing import Any

_QUOTED = re.compile(r": '(.+)'$", re.DOTALL)


@dataclass(frozen=True)
class Segment:
    """A stretch of text. `supports` is the label that it spoke for; empty where it spoke for none."""

    text: str
    supports: str = ""


@dataclass(frozen=True)
class Shown:
    """A message's text in two parts: `first` is always seen, `rest` (quotes, a signature) on request."""

    first: str
    rest: str


def shown(text: str, new_text: str) -> Shown:
    """Part `text` into the writer's new words and the rest. Nothing is lost: where the new words can't be found in the
    text, the rest is all of it."""
    new = new_text.strip()
    if not new or new == text.strip():
        return Shown(text.strip(), "")
    before, found, after = text.partition(new)
    if not found:
        return Shown(new, text.strip())
    return Shown(new, "\n\n".join(part for part in (before.strip(), after.strip()) if part))


def words_of_ours(content: bytes) -> str:
    """The text of a mail that we wrote, as its reader has it. Empty where it holds none, as once it was erased."""
    for part in message_from_bytes(content).walk():
        if part.get_content_type() == "text/plain":
            text = bytes(part.get_payload(decode=True) or b"").decode(part.get_content_charset("utf-8"), "replace")
            return text.replace("\r\n", "\n").strip()
    return ""


def marked(text: str, evidence: Sequence[Mapping[str, Any]]) -> list[Segment]:
    """`text` cut into segments so that each phrase of the evidence ({text, supports}) stands alone, without regard to
    letter case and white space. Joined together again they are `text`; of phrases that overlap the earlier and longer
    one counts. Evidence such as "told before: 'I rang'" is found by what it quotes."""
    segments: list[Segment] = []
    position = 0
    for start, end, supports in _places(text, evidence):
        if start < position:
            continue
        if start > position:
            segments.append(Segment(text[position:start]))
        segments.append(Segment(text[start:end], supports))
        position = end
    if position < len(text):
        segments.append(Segment(text[position:]))
    return segments


def _places(text: str, evidence: Sequence[Mapping[str, Any]]) -> list[tuple[int, int, str]]:
    """Where each phrase stands, first places first and longer phrases before shorter ones."""
    places = [
        (found.start(), found.end(), str(item.get("supports", "")))
        for item in evidence
        if (pattern := _pattern(str(item.get("text", ""))))
        for found in re.finditer(pattern, text, re.IGNORECASE)
    ]
    return sorted(places, key=lambda place: (place[0], -place[1]))


def _pattern(phrase: str) -> str:
    """A pattern for whole words ("rude" does not stand in "intruder"); empty for an empty phrase."""
    quoted = _QUOTED.search(phrase)
    words = (quoted[1] if quoted else phrase).rstrip("…").split()
    return r"(?<!\w)" + r"\s+".join(re.escape(word) for word in words) + r"(?!\w)" if words else ""
