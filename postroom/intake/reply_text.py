"""The writer's own new words, apart from quotations and signature. When in doubt nothing is cut: to lose a resident's
words is worse than to show a quotation. The work is linear in the number of lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from postroom.intake import quotation_marks as marks
from postroom.intake.closings import without_closing

_INTRODUCTION_LINES = 4
_HEAD_LINES = 14
_FIELDS = 2
"""Two fields may be somebody's words."""
_LONGEST_LINE = 400
_LINES = 5_000
"""Lines in which a quotation's introduction is looked for; a longer text is kept whole from there on."""
_LONGEST_ARMOURED = 200_000
_LONGEST_POINTER = 50_000
_REPLY_SUBJECT = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|ref|rif|odp|atb|ateb|ynt|回复|答复|返信|回覆)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)
_ARROWS = "<<"
"""Behind a line that begins with arrows: both stand around somebody's own words."""
_DASHES = frozenset("-‐_* \xa0")
"""What a forward's mark begins with, where it has no colon."""
_GAP = re.compile(r"\n{3,}")
_QUOTED_HEAD = re.compile(r"[>| ]+(?:subject|from|date|sent|to|betreff|von|objet|de|asunto): ", re.IGNORECASE)
_ARMOUR = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Z][^\n]{0,100}\n){0,5}(?:\n|\Z)"
    r"|^-----BEGIN PGP SIGNATURE-----(?:\n[^\n]{0,100}){0,60}\n-----END PGP SIGNATURE-----",
    re.MULTILINE,
)


def new_words(text: str, subject: str = "", history: Sequence[tuple[int, int]] = ()) -> str:
    """The new words of `text`; all of it for a forward, and where cutting would leave nothing. `history`: ranges of
    lines that the mail's HTML marks as older."""
    if marks.FORWARD_SUBJECT.match(subject):
        return text.strip()
    if "-----BEGIN PGP SIGN" in text and len(text) <= _LONGEST_ARMOURED:
        text, history = _ARMOUR.sub("", text), ()
    whole = text.strip()
    lines = text.split("\n")
    found = _look(lines, history)
    if found.forwards:
        return whole
    kept = _without(lines, found, bool(_REPLY_SUBJECT.match(subject)))
    words = "\n".join(without_closing(kept)).strip()
    return (_GAP.sub("\n\n", words) if "\n\n\n" in words else words) or whole


@dataclass
class _Found:
    """What in the lines introduces something older. `tail`: the line from which on all is older, marked or not."""

    introductions: list[tuple[int, int]]
    tail: int
    forwards: bool = False


def _look(lines: list[str], history: Sequence[tuple[int, int]]) -> _Found:
    count = len(lines)
    found = _Found(
        introductions=[(start, end) for start, end in history if end < count],
        tail=min((start for start, end in history if end >= count), default=count),
    )
    for number, line in enumerate(lines[:_LINES]):
        if number >= found.tail:
            found.forwards = found.forwards or _is_forward_mark(line)
            break
        marked = ":" in line or line[:1] in _DASHES or "：" in line or line[-1:] == ">"
        if not marked or len(line) > _LONGEST_LINE:
            continue
        if _is_rule_above_older(line.strip()):
            found.tail = number
            break
        if _is_forward_mark(line):
            found.forwards = True
            break
        if line[0] not in ">|":
            _examine(lines, number, found)
    return found


def _is_forward_mark(line: str) -> bool:
    return marks.FORWARD_MARK.fullmatch(line.strip("* \t\xa0")) is not None


def _is_rule_above_older(line: str) -> bool:
    """Whether `line` says between dashes that what follows is an older mail."""
    if line[:1] not in _DASHES and not line.startswith(">>>"):
        return False
    return bool(marks.ORIGINAL_MESSAGE.fullmatch(line) or marks.RULED_INTRODUCTION.fullmatch(line))


def _examine(lines: list[str], number: int, found: _Found) -> None:
    """Note it where an older mail's head begins at line `number`, or its introduction ends there."""
    line = lines[number].strip()
    if not line:
        return
    if (marks.FROM_FIELD.match(line) and _is_head(lines, number)) or _is_head_in_another_order(lines, number):
        found.tail = _above_head(lines, number)
    elif line[-1] == ">" and marks.STAMPED.fullmatch(line) and _is_quoted_next(lines, number + 1):
        found.introductions.append((number, number + 1))
    elif line[-1] in ":：":
        start = _introduction(lines, number)
        if start is None:
            return
        words = " ".join(each.strip() for each in lines[start : number + 1])
        if _is_quoted_next(lines, number + 1):
            found.introductions.append((start, number + 1))
        elif marks.ADDRESS.search(words) or marks.WRITTEN_BY_A_PROGRAM.match(words):
            found.tail = start


def _introduction(lines: list[str], end: int) -> int | None:
    """The first line of the introduction that ends at line `end`; None where that is none."""
    for start in range(end, max(-1, end - _INTRODUCTION_LINES), -1):
        if not lines[start].strip() or lines[start][0] == ">" or len(lines[start]) > _LONGEST_LINE:
            return None if start == end else _if_introduction(lines, start + 1, end)
        if marks.OPENING.match(lines[start]):
            return _if_introduction(lines, start, end)
    return _if_introduction(lines, end, end)


def _if_introduction(lines: list[str], start: int, end: int) -> int | None:
    """`start` where the lines introduce a quotation. One that lacks a verb, a date or an address needs quoted lines."""
    for begin in range(start, end + 1):
        words = " ".join(line.strip() for line in lines[begin : end + 1])[-_LONGEST_LINE:].replace("< ", "<")
        dated = bool(marks.DIGITS_OF_A_DATE.search(words) or marks.ADDRESS.search(words))
        told = dated or (_is_quoted_next(lines, end + 1) and marks.VERB_AT_THE_END.search(words))
        if told and marks.INTRODUCTION.fullmatch(words):
            return begin
        if begin == end and marks.STAMPED.fullmatch(words) and _is_quoted_next(lines, end + 1):
            return begin
        if dated and (marks.QUOTING.fullmatch(words) or marks.BARE_INTRODUCTION.fullmatch(words)):
            return begin
        if dated and begin == end and _is_quoted_next(lines, end + 1, blanks=0):
            return begin
    return None


def _is_quoted_next(lines: list[str], number: int, blanks: int = 2) -> bool:
    """Whether the next line with words is marked as quoted."""
    for line in lines[number : number + blanks + 1]:
        if line.strip():
            return line.lstrip()[0] in ">|»" and not line.endswith(_ARROWS)
    return False


def _is_head(lines: list[str], number: int) -> bool:
    """Two lines such as "From: 1 March" and "To: 5 March" are somebody's words; the head of a mail has more to it."""
    if marks.SMALL_HEAD.match(lines[number].strip()):
        return True
    dated = other = False
    for line in lines[number + 1 : number + _HEAD_LINES]:
        if not line.strip():
            if dated and other:
                break
            continue
        dated = dated or bool(marks.DATE_FIELD.match(line))
        other = other or bool(marks.OTHER_FIELD.match(line))
    return dated and other


def _is_head_in_another_order(lines: list[str], number: int) -> bool:
    """Hotmail and GMX began with the date or the subject. Here the lines have to stand together, with an address."""
    if not (marks.DATE_FIELD.match(lines[number]) or marks.OTHER_FIELD.match(lines[number])):
        return False
    fields = list(takewhile(_is_field, lines[number : number + _HEAD_LINES]))
    senders = [line for line in fields if marks.FROM_FIELD.match(line)]
    dated = any(map(marks.DATE_FIELD.match, fields))
    return len(fields) > _FIELDS and dated and any(map(marks.ADDRESS.search, senders))


def _is_field(line: str) -> bool:
    return any(field.match(line) for field in (marks.FROM_FIELD, marks.DATE_FIELD, marks.OTHER_FIELD))


def _above_head(lines: list[str], number: int) -> int:
    """The line where the divider above the head stands; that of the head where there is none."""
    above = number - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    if above >= 0 and marks.DIVIDER.fullmatch(lines[above].strip()):
        return above
    return number


def _without(lines: list[str], found: _Found, is_reply: bool) -> list[str]:
    """The lines without the older ones. Where the quoted lines are marked only they go: words below or between them
    are the writer's. Where they are not, and the writer points further down, nothing goes."""
    older = {number for start, end in found.introductions for number in range(start, end)}
    head = lines[: found.tail]
    cuts_quoted = bool(found.introductions) or is_reply or any(map(_QUOTED_HEAD.match, head))
    kept = [line for number, line in enumerate(head) if number not in older and not (cuts_quoted and _is_quoted(line))]
    if found.tail == len(lines):
        return kept
    below = lines[found.tail :]
    if marks.POINTS_BELOW.search("\n".join(kept)[:_LONGEST_POINTER]):
        return [*kept, *below]
    return kept


def _is_quoted(line: str) -> bool:
    if line.endswith(_ARROWS):
        return False
    return line.startswith((">", "| ", "» ")) or line in ("|", "»") or line.startswith((" >", "  >"))
