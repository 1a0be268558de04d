"""The parts of a mail, found by their boundaries (RFC 2046), without copying them.

The standard library's parser takes time by the line, recurses and has no bounds; a mail of 50 MB of empty lines or of
100,000 parts would keep a worker for minutes. Here parts are ranges of the mail's bytes, and the work is bounded
by the mail's size times the depth.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from postroom.intake.charsets import clean_line
from postroom.intake.headers import Headers, StructuralHeaders, read_headers
from postroom.intake.limits import Limits

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_LINE_END = re.compile(rb"\r\n|\n|\r")
_PLAIN_ENCODINGS = ("", "7bit", "8bit", "binary")


@dataclass
class Part:
    """One part: its headers, and the range of its body in `content`."""

    content: bytes = field(repr=False)
    headers: Headers
    start: int
    end: int
    children: list["Part"] = field(default_factory=list)
    too_deep: bool = False

    def __post_init__(self) -> None:
        self.structure = StructuralHeaders(self.headers)
        self.content_type = self.structure.content_type

    def leaves(self) -> Iterator["Part"]:
        """The parts without children, in their order."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            if part.children:
                waiting.extend(reversed(part.children))
            else:
                yield part

    def decoded(self) -> tuple[bytes, str]:
        """The body's bytes without their transfer encoding, and a defect or nothing."""
        body, encoding = self.content[self.start : self.end], self.structure.encoding
        if encoding == "quoted-printable":
            return binascii.a2b_qp(body), ""
        if encoding == "base64":
            return _decode_base64(body)
        return body, "" if encoding in _PLAIN_ENCODINGS else f"unknown transfer encoding {clean_line(encoding)[:40]!r}"


def _decode_base64(body: bytes) -> tuple[bytes, str]:
    """Base64 with whatever is wrong with it; plain text that only claims to be base64 is left as it is."""
    first_line = body[:1000].lstrip().partition(b"\n")[0].strip()
    if first_line.translate(None, _BASE64):
        return body, "not base64 though it says so"
    segments = [segment for segment in re.split(b"=+", body.translate(None, _NOT_BASE64)) if segment]
    damaged = any(len(segment) % 4 == 1 for segment in segments)
    whole = (segment[:-1] if len(segment) % 4 == 1 else segment for segment in segments)
    decoded = b"".join(base64.b64decode(segment + b"=" * (-len(segment) % 4)) for segment in whole)
    return decoded, "damaged base64" if damaged else ""


def read_parts(content: bytes, limits: Limits) -> tuple[Part, list[str]]:
    """The mail as a tree of parts, and its defects."""
    headers, start = read_headers(content, limits)
    root = Part(content, headers, start, len(content))
    defects = list(headers.defects)
    left = limits.parts
    waiting = [(root, 1)]
    while waiting:
        part, depth = waiting.pop()
        if not part.content_type.startswith("multipart/"):
            continue
        if depth > limits.depth:
            part.too_deep = True
            defects.append(f"more than {limits.depth} levels of parts")
            continue
        part.children = _split(part, left, limits, defects)
        left -= len(part.children)
        waiting.extend((child, depth + 1) for child in part.children)
    return root, defects


def _split(part: Part, left: int, limits: Limits, defects: list[str]) -> list[Part]:
    """The parts between the boundary's lines. What can't be split is left in one piece, never dropped."""
    boundary = part.structure.boundary
    if not boundary:
        defects.append("multipart without a boundary")
        return []
    delimiter = b"--" + re.escape(boundary)
    line = re.compile(delimiter + rb"(?<![^\r\n]" + delimiter + rb")(--)?[ \t]*(?=[\r\n]|\Z)")
    ranges, opened, closed = [], -1, False
    for match in line.finditer(part.content, part.start, part.end):
        if opened >= 0:
            ranges.append((opened, _before_line_end(part.content, match.start())))
        if match[1]:
            opened, closed = -1, True
            break
        opened = _after_line_end(part.content, match.end(), part.end)
        if len(ranges) + 1 >= left:
            defects.append(f"more than {limits.parts} parts")
            break
    if opened >= 0:
        ranges.append((opened, part.end))
    if not ranges:
        defects.append("multipart whose boundary is nowhere in it")
    elif not closed:
        defects.append("multipart without its closing boundary")
    return [_child(part.content, begin, end, limits) for begin, end in ranges]


def _child(content: bytes, begin: int, end: int, limits: Limits) -> Part:
    end = max(begin, end)
    headers, body = read_headers(content, limits, begin, end)
    return Part(content, headers, body, end)


def _after_line_end(content: bytes, at: int, end: int) -> int:
    match = _LINE_END.match(content, at, end)
    return match.end() if match else at


def _before_line_end(content: bytes, at: int) -> int:
    """The line break before a boundary belongs to the boundary (RFC 2046 5.1.1)."""
    if content[max(0, at - 2) : at] == b"\r\n":
        return at - 2
    return at - 1 if content[max(0, at - 1) : at] in (b"\n", b"\r") else at
