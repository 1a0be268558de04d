"""Header blocks (RFC 5322 2.2): each header by itself, so that a broken one spoils no other. Nothing raises, and the
work is linear in the block's size."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from postroom.intake.charsets import clean, clean_line, codec_for, decode, decode_as
from postroom.intake.guessed_charset import guess_codec
from postroom.intake.limits import Limits

_LEADING_BLANKS = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*+(?:\r\n|\n|\r))*+")
_INDENTED = re.compile(rb"[ \t]++(?=[A-Za-z][A-Za-z-]*+:)")
_CHARSET = re.compile(rb"charset\s{0,5}=\s{0,5}\"?([\w.:-]{2,40})", re.IGNORECASE)
_SAYS_LITTLE = ("", "utf-8", "cp1252", "utf-7")
"""Charsets that are named on mail in any other."""
_ENVELOPE_LINE = re.compile(rb">?From [^\r\n]*(?:\r\n|\n|\r)")
_FOLD = re.compile(r"[\r\n]+[ \t]*|\t")
_ANGLES = re.compile(r"<([^<>]+)>")
_PROBABLE_NAMES = frozenset(
    b"bcc cc content-description content-disposition content-id content-language content-transfer-encoding "
    b"content-type date delivered-to errors-to from in-reply-to lines list-id mailing-list message-id mime-version "
    b"organization precedence received references reply-to return-path sender status subject thread-index thread-topic "
    b"to user-agent".split()
)
_JUNK_LINES = 5
"""Lines among the headers that are none: more of them are the body, and its empty line was forgotten."""
ID_CHARACTERS = 500
"""Longest Message-ID that is kept; a longer one is cut, since the database's index has a limit too."""


@dataclass(frozen=True)
class _LineEnds:
    """How lines end in a header block. Where there are line feeds a bare carriage return is just a blank: taken for a
    line's end it would let a subject add headers."""

    header: re.Pattern[bytes]
    """A name, and its value with the lines folded onto it (RFC 5322 2.2; a blank before the colon is 4.5's)."""
    empty: re.Pattern[bytes]
    line: re.Pattern[bytes]
    empty_later: re.Pattern[bytes]

    @classmethod
    def by(cls, end: bytes, before: bytes) -> "_LineEnds":
        rest = b"[^" + end + b"]*(?:" + end + rb"|\Z)"
        return cls(
            re.compile(rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:((?>" + rest + rb")(?>[ \t]" + rest + b")*+)"),
            re.compile(before + end),
            re.compile(b"[^" + end + b"]*" + end),
            re.compile(end + before + end),
        )


_BY_LINE_FEED = _LineEnds.by(rb"\n", rb"\r*+")
_BY_CARRIAGE_RETURN = _LineEnds.by(rb"\r", b"")


class Headers:
    """A header block: names in lower case, with their values as text that is not decoded yet."""

    def __init__(self, items: Iterable[tuple[str, str]], defects: Iterable[str] = ()) -> None:
        self.defects = tuple(defects)
        self.in_order = tuple(items)
        """Names and values as they stood, from the topmost on."""
        self.by_name: dict[str, list[str]] = {}
        for name, value in self.in_order:
            self.by_name.setdefault(name, []).append(value)

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(self.by_name.get(name, ()))

    def first(self, name: str) -> str:
        """The first value of header `name`, empty where there is none."""
        values = self.by_name.get(name)
        return values[0] if values else ""


def read_headers(content: bytes, limits: Limits, start: int = 0, end: int | None = None) -> tuple[Headers, int]:
    """The header block at `start` of `content`, and where the body begins."""
    end = len(content) if end is None else end
    at = start
    if start == 0:
        at = _end_of(_LEADING_BLANKS, content, at, end)
        at = _end_of(_ENVELOPE_LINE, content, at, end)
    at = _end_of(_INDENTED, content, at, end)
    stop = min(end, at + limits.header_bytes)
    ends = _BY_LINE_FEED if content.find(b"\n", at, stop) >= 0 else _BY_CARRIAGE_RETURN
    raw = _RawCharset(content, at, stop, ends)
    items: list[tuple[str, str]] = []
    defects: list[str] = []
    header = ends.header.match(content, at, stop)
    while header and len(items) < limits.headers:
        items.append((header[1].decode("ascii").lower(), _unfold(header[2], limits, raw)))
        at = header.end()
        header = ends.header.match(content, at, stop)
        if header is None and (skipped := _junk(content, at, stop, ends)):
            defects.append("a line among the headers that is none")
            _mend(items, content[at:skipped])
            at = skipped
            header = ends.header.match(content, at, stop)
    body, defect = _find_body(content, at, stop, end, ends, len(items) == limits.headers)
    if defect:
        defects.append(defect)
    if not items and start == 0:
        defects.append("no headers")
    return Headers(items, dict.fromkeys(defects)), body


def _end_of(pattern: re.Pattern[bytes], content: bytes, start: int, end: int) -> int:
    match = pattern.match(content, start, end)
    return match.end() if match else start


def _junk(content: bytes, at: int, stop: int, ends: _LineEnds) -> int:
    """Where headers go on behind lines that are none; 0 where they don't."""
    for _ in range(_JUNK_LINES):
        if (
            ends.empty.match(content, at, stop)
            or content.startswith(b"--", at)
            or not (line := ends.line.match(content, at, stop))
        ):
            return 0
        at = line.end()
        header = ends.header.match(content, at, stop)
        if header and (header[1].lower() in _PROBABLE_NAMES or header[1][:2] in (b"X-", b"x-")):
            return at
    return 0


def _mend(items: list[tuple[str, str]], junk: bytes) -> None:
    """A long subject that was broken without a blank is put together; in other headers a stray line would do harm."""
    if items and items[-1][0] == "subject" and b":" not in junk:
        items[-1] = ("subject", f"{items[-1][1]} {clean_line(decode(junk)[0])}")


def _find_body(content: bytes, at: int, stop: int, end: int, ends: _LineEnds, full: bool) -> tuple[int, str]:
    """Where the body begins when headers were read up to `at`, and a defect or nothing."""
    if full or at == stop < end:
        empty = ends.empty_later.search(content, max(0, at - 2), end)
        return (empty.end() if empty else end), "too many headers; some were not read"
    blank = ends.empty.match(content, at, end)
    if blank:
        return blank.end(), ""
    return at, "no empty line after the headers" if at < end else ""


class _RawCharset:
    """What bytes that are neither ASCII nor UTF-8 are likely to be in, in the headers of one block: what the body says
    that it is in, else what all of them together look like."""

    def __init__(self, content: bytes, start: int, stop: int, ends: _LineEnds) -> None:
        self._content, self._start, self._stop, self._ends = content, start, stop, ends

    @cached_property
    def codec(self) -> str:
        """A Python codec."""
        empty = self._ends.empty_later.search(self._content, self._start, self._stop)
        block = self._content[self._start : empty.start() if empty else self._stop]
        said = _CHARSET.search(block)
        codec = codec_for(said[1].decode("ascii", "replace")) if said else ""
        if codec in _SAYS_LITTLE or codec.startswith(("utf-16", "utf-32", "iso2022", "hz")):
            return guess_codec(b"\n".join(line for line in block.splitlines() if not line.isascii()))
        return codec

    def decode(self, value: bytes) -> str:
        """The text of a header's value."""
        if value.isascii():
            return decode(value)[0]
        text = decode_as(value, "utf-8")
        if text is None:
            text = decode_as(value, self.codec)
        return decode(value)[0] if text is None else text


def _unfold(value: bytes, limits: Limits, raw: _RawCharset) -> str:
    value = value[: limits.value_characters]
    if value.isascii() and (plain := value.decode("ascii").strip(" \t\r\n")).isprintable():
        return plain  # as nearly all are
    text = raw.decode(value).strip(" \t\r\n")
    return text if text.isascii() and text.isprintable() else clean(_FOLD.sub(" ", text))


def read_ids(value: str, limit: int) -> tuple[str, ...]:
    """The last `limit` Message-IDs in a header, without angle brackets, each once, in their order."""
    if not value:
        return ()
    found = _ANGLES.findall(value) or [word for word in re.split(r"[\s,;\"<>]+", value) if "@" in word]
    return tuple(dict.fromkeys(id_ for id_ in map(_plain_id, found[-limit:]) if id_))


def read_id(value: str) -> str:
    """The Message-ID of the header, without angle brackets; as it stands where it has none, empty where it is."""
    inside = _ANGLES.search(value)
    return _plain_id(inside[1] if inside else value.strip("<> "))


def _plain_id(text: str) -> str:
    """One that was folded in its middle is joined again."""
    return "".join(clean_line(text).split())[:ID_CHARACTERS]
