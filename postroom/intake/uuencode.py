"""Files written into a text: uuencode (POSIX) and yEnc (yEnc draft 1.3). Linear, and nothing raises."""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

_UU_BEGIN = re.compile(rb"^begin(?:-base64)? +[0-7]{3,4} +([^\r\n]{1,255})\r*\n", re.MULTILINE)
_UU_LINE = re.compile(rb"([\x20-\x60])([\x20-\x60]*+)\r*(?:\n|\Z)")
_FILES = 500
"""Files in one text; what comes after stays in the words."""
_LOST_BLANKS, _CHECKSUM = 8, 2
"""How much shorter or longer a line may be than it says: blanks at its end get lost, and some programs add a sum."""
_UU_END = re.compile(rb"(?:`?[ \t]*\r*\n)?end[ \t]*\r*(?:\n|\Z)")
_Y_BEGIN = re.compile(rb"^=ybegin [^\r\n]{1,200}?name=([^\r\n]{1,255})\r?\n(?:=ypart [^\r\n]*\r?\n)?", re.MULTILINE)
_Y_END = re.compile(rb"^=yend [^\r\n]*(?:\r?\n|\Z)", re.MULTILINE)
_Y_ESCAPED = re.compile(rb"=(.)", re.DOTALL)
_Y_SHIFT = bytes((byte - 42) % 256 for byte in range(256))


@dataclass(frozen=True)
class WrittenIn:
    """A file in the text: where it stands, its name as bytes, and what it holds."""

    start: int
    end: int
    name: bytes
    content: bytes


def files_in(text: bytes) -> tuple[WrittenIn, ...]:
    """The files in `text`, in their order. What only begins like one is left as the writer's words."""
    found: list[WrittenIn] = []
    if b"begin " in text:
        found += islice(_uuencoded(text), _FILES)
    if b"=ybegin " in text:
        found += islice(_y_encoded(text), _FILES)
    return tuple(sorted(found, key=lambda file: file.start))[:_FILES]


def without_files(text: bytes, files: tuple[WrittenIn, ...]) -> bytes:
    """`text` with the files cut out."""
    pieces, at = [], 0
    for file in files:
        pieces.append(text[at : file.start])
        at = max(at, file.end)
    return b"".join([*pieces, text[at:]])


def decode_uu(body: bytes) -> bytes | None:
    """The first uuencoded file of `body`; None where it has none."""
    return next((file.content for file in _uuencoded(body)), None)


def _uuencoded(text: bytes) -> Iterator[WrittenIn]:
    at = 0
    while begin := _UU_BEGIN.search(text, at):
        lines, end = _uu_lines(text, begin.end())
        closing = _UU_END.match(text, end)
        if lines or closing:
            at = closing.end() if closing else end
            yield WrittenIn(begin.start(), at, begin[1].strip(), b"".join(lines))
        else:
            at = begin.end()


def _uu_lines(text: bytes, at: int) -> tuple[list[bytes], int]:
    """The lines from `at` on that are as long as their first sign says, decoded."""
    lines = []
    while line := _UU_LINE.match(text, at):
        size = (line[1][0] - 32) & 63
        needed = (size + 2) // 3 * 4
        filled = (size * 4 + 2) // 3
        data = line[2]
        if not size or not needed - _LOST_BLANKS <= len(data) <= needed + _CHECKSUM:
            break
        try:
            lines.append(binascii.a2b_uu(line[1] + data[:filled].ljust(needed)))
        except binascii.Error:
            break
        at = line.end()
    return lines, at


def _y_encoded(text: bytes) -> Iterator[WrittenIn]:
    at = 0
    while begin := _Y_BEGIN.search(text, at):
        closing = _Y_END.search(text, begin.end())
        if closing is None:
            return
        at = closing.end()
        data = text[begin.end() : closing.start()].translate(None, b"\r\n")
        escaped = _Y_ESCAPED.sub(lambda found: bytes([(found[1][0] - 64) % 256]), data)
        yield WrittenIn(begin.start(), at, begin[1].strip(), escaped.translate(_Y_SHIFT))
