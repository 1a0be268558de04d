"""The parts of a mail, found by their boundaries (RFC 2046), without copying them.

The standard library's parser takes time by the line, recurses and has no bounds; a mail of 50 MB of empty lines or of
100,000 parts would keep a worker for minutes. Here parts are ranges of the mail's bytes, and the work is bounded
by the mail's size times the depth.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from postroom.intake.charsets import clean_line
from postroom.intake.file_names import safe_name
from postroom.intake.headers import Headers, read_headers
from postroom.intake.limits import Limits
from postroom.intake.parameters import read_structured
from postroom.intake.transfer_encoding import decode_transfer

_TYPE = re.compile(r"[^\s/]+/[^\s/]+")
_LINE_END = re.compile(rb"\r*\n|\r")
_LIKELY_BOUNDARY = re.compile(rb"(?:^|\r)--([^\s\"]{1,70})[ \t]*(?:\r\n|\n|\r)content-", re.IGNORECASE | re.MULTILINE)
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass
class Part:
    """One part: its headers, and the range of its body in `content`. `default_type` is what it is where it does not
    say (RFC 2046 5.1.5)."""

    content: bytes = field(repr=False)
    headers: Headers
    start: int
    end: int
    default_type: str = "text/plain"
    children: list["Part"] = field(default_factory=list)
    too_deep: bool = False

    def __post_init__(self) -> None:
        self._type = read_structured(self.headers.first("content-type"))
        self._disposition = read_structured(self.headers.first("content-disposition"))
        self.content_type = self._content_type()

    def _content_type(self) -> str:
        """In lower case; what can't be a type counts as plain text (RFC 2045 5.2)."""
        if not self._type.value:
            return self.default_type
        return clean_line(self._type.value)[:100] if _TYPE.fullmatch(self._type.value) else "text/plain"

    @property
    def disposition(self) -> str:
        return self._disposition.value

    @property
    def encoding(self) -> str:
        return read_structured(self.headers.first("content-transfer-encoding")).value

    @property
    def charset(self) -> str:
        return self.parameter("charset").partition(" ")[0].rstrip(";,")

    @property
    def file_name(self) -> str:
        """The file's name, made safe; empty where it has none."""
        given = self._disposition.parameters.get("filename") or self._type.parameters.get("name", "")
        return safe_name(given) if given else ""

    @property
    def content_id(self) -> str:
        return self.headers.first("content-id").strip("<> ")

    def parameter(self, name: str) -> str:
        """A parameter of Content-Type, such as charset or report-type."""
        return clean_line(self._type.parameters.get(name, ""))

    @property
    def boundary(self) -> bytes:
        return self._type.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")

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
        return decode_transfer(self.content[self.start : self.end], self.encoding)


def read_parts(content: bytes, limits: Limits) -> tuple[Part, list[str]]:
    """The mail as a tree of parts, and its defects."""
    defects: list[str] = []
    if content.startswith(_UTF_16_MARKS):
        content = content.decode("utf-16", "replace").encode("utf-8", "replace")
        defects.append("the whole mail is in UTF-16")
    headers, start = read_headers(content, limits)
    root = Part(content, headers, start, len(content))
    defects += headers.defects
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
    boundary = part.boundary
    content, ranges, closed = part.content, *_ranges(part.content, part.start, part.end, boundary, left)
    if not ranges and part.encoding in ("base64", "quoted-printable"):  # forbidden by RFC 2045 6.4, but seen
        content = part.decoded()[0]
        ranges, closed = _ranges(content, 0, len(content), boundary, left)
    if not ranges:
        content = part.content
        found = _LIKELY_BOUNDARY.search(content, part.start, part.end)
        ranges, closed = _ranges(content, part.start, part.end, found[1] if found else b"", left)
        without = "multipart without a boundary" if not boundary else "multipart whose boundary is nowhere in it"
        defects.append(f"{without}; another was found" if ranges else without)
    if len(ranges) >= left:
        defects.append(f"more than {limits.parts} parts")
    elif ranges and not closed:
        defects.append("multipart without its closing boundary")
    default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    return [_child(content, begin, end, limits, default) for begin, end in ranges]


def _ranges(content: bytes, start: int, end: int, boundary: bytes, left: int) -> tuple[list[tuple[int, int]], bool]:
    """What stands between the boundary's lines, at most `left` ranges, and whether the last line closes."""
    if not boundary or content.find(boundary, start, end) < 0:
        return [], False
    delimiter = b"--" + re.escape(boundary)
    line = re.compile(delimiter + rb"(?<![^\r\n]" + delimiter + rb")(--)?[ \t]*(?=[\r\n]|\Z)")
    ranges: list[tuple[int, int]] = []
    opened = -1
    for match in line.finditer(content, start, end):
        if opened >= 0:
            ranges.append((opened, _before_line_end(content, match.start())))
        if match[1]:
            return ranges, True
        opened = _after_line_end(content, match.end(), end)
        if len(ranges) + 1 >= left:
            break
    return ([*ranges, (opened, end)] if opened >= 0 else ranges), False


def _child(content: bytes, begin: int, end: int, limits: Limits, default_type: str) -> Part:
    end = max(begin, end)
    headers, body = read_headers(content, limits, begin, end)
    return Part(content, headers, body, end, default_type)


def _after_line_end(content: bytes, at: int, end: int) -> int:
    match = _LINE_END.match(content, at, end)
    return match.end() if match else at


def _before_line_end(content: bytes, at: int) -> int:
    """The line break before a boundary belongs to the boundary (RFC 2046 5.1.1)."""
    if content[max(0, at - 2) : at] == b"\r\n":
        return at - 2
    return at - 1 if content[max(0, at - 1) : at] in (b"\n", b"\r") else at
