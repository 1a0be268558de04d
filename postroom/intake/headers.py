"""Headers of a mail: each read by itself, so that a broken one spoils no other.

Read from bytes, in linear time, and nothing raises. The standard library reads what is hard to read and bounded in
length (dates, parameters), each value guarded.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message as StandardMessage
from email.policy import compat32
from email.utils import parsedate_to_datetime
from typing import TypeVar

from postroom.intake.charsets import clean, clean_line, decode
from postroom.intake.limits import Limits

T = TypeVar("T")

_LEADING_BLANKS = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*+(?:\r\n|\n|\r))*+")
_ENVELOPE_LINE = re.compile(rb">?From [^\r\n]*(?:\r\n|\n|\r)")
_HEADER = re.compile(
    rb"([\x21-\x39\x3b-\x7e]+)[ \t]*:((?>[^\r\n]*(?:\r\n|\n|\r|\Z))(?>[ \t][^\r\n]*(?:\r\n|\n|\r|\Z))*+)"
)
"""A name, and its value with the lines folded onto it (RFC 5322 2.2; a blank before the colon is 4.5's)."""
_BLANK_LINE = re.compile(rb"\r\n|\n|\r")
_EMPTY_LINE_LATER = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_FOLD = re.compile(r"[\r\n]+[ \t]*|\t")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*)\?=")
_WORD_GAP = re.compile(r"(\?=)\s+(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_ADDRESS = re.compile(
    r"[^\s@<>(),;:\"\[\]\\]{1,256}@[^\s@<>(),;:\"\\]{1,255}|\"[^\"\r\n]{1,250}\"@[^\s@<>(),;:\"\\]{1,255}"
)
_ANGLES = re.compile(r"<([^<>]+)>")
ID_CHARACTERS = 500
"""Longest Message-ID that is kept; a longer one is cut, since the database's index has a limit too."""
_PARAMETER_CHARACTERS = 8_192


@dataclass(frozen=True)
class Mailbox:
    """A name and an address, in lower case; the address is empty where there is no usable one."""

    name: str
    email: str


@dataclass(frozen=True)
class Headers:
    """A header block: names in lower case, with their values as text that is not decoded yet."""

    items: tuple[tuple[str, str], ...]
    defects: tuple[str, ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.items if key == name)

    def first(self, name: str) -> str:
        """The first value of header `name`, empty where there is none."""
        return next((value for key, value in self.items if key == name), "")


def read_headers(content: bytes, limits: Limits, start: int = 0, end: int | None = None) -> tuple[Headers, int]:
    """The header block at `start` of `content`, and where the body begins."""
    end = len(content) if end is None else end
    at = start
    if start == 0:
        at = _end_of(_LEADING_BLANKS, content, at, end)
        at = _end_of(_ENVELOPE_LINE, content, at, end)
    stop = min(end, at + limits.header_bytes)
    items: list[tuple[str, str]] = []
    while len(items) < limits.headers and (header := _HEADER.match(content, at, stop)):
        items.append((header[1].decode("ascii").lower(), _unfold(header[2], limits)))
        at = header.end()
    body, defect = _find_body(content, at, stop, end, len(items) == limits.headers)
    defects = [defect] if defect else []
    if not items and start == 0:
        defects.append("no headers")
    return Headers(tuple(items), tuple(defects)), body


def _end_of(pattern: re.Pattern[bytes], content: bytes, start: int, end: int) -> int:
    match = pattern.match(content, start, end)
    return match.end() if match else start


def _find_body(content: bytes, at: int, stop: int, end: int, full: bool) -> tuple[int, str]:
    """Where the body begins when headers were read up to `at`, and a defect or nothing."""
    if full or at == stop < end:
        empty = _EMPTY_LINE_LATER.search(content, max(0, at - 2), end)
        return (empty.end() if empty else end), "too many headers; some were not read"
    blank = _BLANK_LINE.match(content, at, end)
    if blank:
        return blank.end(), ""
    return at, "no empty line after the headers" if at < end else ""


def _unfold(value: bytes, limits: Limits) -> str:
    return clean(_FOLD.sub(" ", decode(value[: limits.value_characters])[0])).strip()


def guarded(read: Callable[[], T], otherwise: T) -> T:
    """The result of `read`, or `otherwise`: the standard library raises many kinds of errors on odd headers."""
    try:
        return read()
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ArithmeticError, AssertionError):
        return otherwise


def unfold_words(value: str) -> str:
    """`value` with its encoded words (RFC 2047) decoded, as one clean line.

    Neighbours in one character set are joined before they are decoded: letters get split over two words.
    """
    joined = _WORD_GAP.sub(r"\1", value)
    pieces: list[str] = []
    pending: list[bytes] = []
    charset, position = "", 0

    def flush() -> None:
        if pending:
            pieces.append(decode(b"".join(pending), charset)[0])
            pending.clear()

    for word in _WORD.finditer(joined):
        label = word[1].partition("*")[0].lower()
        if word.start() > position or label != charset:
            flush()
            pieces.append(joined[position : word.start()])
        charset, position = label, word.end()
        pending.append(_word_bytes(word[2], word[3]))
    flush()
    pieces.append(joined[position:])
    return clean_line("".join(pieces))


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return data


def read_addresses(value: str, limits: Limits) -> tuple[Mailbox, ...]:
    """The mailboxes of an address header (RFC 5322 3.4). The list is split before its words are decoded, so that no
    encoded comma or bracket can pretend to be an address; of `ceo@council <other@place>` the bracket counts."""
    found = []
    for piece in _split_addresses(value):
        mailbox = _mailbox(piece)
        if mailbox.email or mailbox.name:
            found.append(mailbox)
        if len(found) >= limits.addresses:
            break
    return tuple(found)


def _split_addresses(value: str) -> Iterator[str]:
    """Cut at commas and semicolons that stand outside of quotes, comments and brackets; drop the names of groups."""
    start, quoted, comment, angle, skip = 0, False, 0, False, False
    for index, character in enumerate(value):
        if skip:
            skip = False
        elif character == "\\" and (quoted or comment):
            skip = True
        elif character == '"' and not comment:
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            comment += 1
        elif character == ")":
            comment = max(0, comment - 1)
        elif comment:
            continue
        elif character == "<":
            angle = True
        elif character == ">":
            angle = False
        elif character in ",;" and not angle:
            yield value[start:index]
            start = index + 1
        elif character == ":" and not angle:
            start = index + 1
    if quoted or angle or comment:  # never closed: better to cut at every comma than to lose the addresses behind it
        yield from re.split("[,;]", value[start:])
    else:
        yield value[start:]


def _mailbox(piece: str) -> Mailbox:
    opening = piece.rfind("<")
    if opening >= 0:
        inside = piece[opening + 1 :].partition(">")[0].strip().removeprefix("mailto:")
        inside = inside.rpartition(":")[2] if inside.startswith("@") else inside  # an old source route
        return Mailbox(_phrase(piece[:opening]), _usable(inside))
    bare = _strip_comments(piece).strip()
    comment = re.search(r"\(([^()]*)\)", piece)
    email = _usable(bare)
    return Mailbox(_phrase(comment[1]) if comment and email else "" if email else _phrase(piece), email)


def _strip_comments(text: str) -> str:
    return re.sub(r"\([^()]*\)", " ", text)


def _phrase(text: str) -> str:
    return unfold_words(re.sub(r"\\(.)", r"\1", text.replace('\\"', "\x00").replace('"', "").replace("\x00", '"')))


def _usable(address: str) -> str:
    address = address.strip().strip("'")
    if len(address) > 320 or not _ADDRESS.fullmatch(address):
        return ""
    return address.lower() if clean_line(address) == address else ""


def read_ids(value: str, limit: int) -> tuple[str, ...]:
    """The last `limit` Message-IDs in a header, without angle brackets, each once, in their order."""
    found = _ANGLES.findall(value) or [word for word in re.split(r"[\s,;\"<>]+", value) if "@" in word]
    return tuple(dict.fromkeys(id_ for id_ in map(_plain_id, found[-limit:]) if id_))


def read_id(value: str) -> str:
    """The Message-ID of the header, without angle brackets; empty where there is none."""
    inside = _ANGLES.search(value)
    return _plain_id(inside[1] if inside else value.strip("<> "))


def _plain_id(text: str) -> str:
    """One that was folded in its middle is joined again."""
    return re.sub(r"\s+", "", clean_line(text))[:ID_CHARACTERS]


def read_date(value: str) -> datetime | None:
    """The date in UTC; None where it can't be read or no clock could have shown it."""
    parsed = guarded(lambda: parsedate_to_datetime(value[:200]), None)
    if parsed is None:
        return None
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=UTC)
    moment = guarded(lambda: parsed.astimezone(UTC), None)
    return moment if moment and 1980 <= moment.year <= 2200 else None


class StructuralHeaders:
    """Content-Type, Content-Disposition and Content-Transfer-Encoding of one part."""

    def __init__(self, headers: Headers) -> None:
        self._message = StandardMessage(policy=compat32)
        for name in ("Content-Type", "Content-Disposition", "Content-Transfer-Encoding"):
            value = headers.first(name.lower())
            if value:
                self._message[name] = value[:_PARAMETER_CHARACTERS]

    @property
    def content_type(self) -> str:
        return clean_line(guarded(self._message.get_content_type, "text/plain"))[:100]

    @property
    def disposition(self) -> str:
        return guarded(self._message.get_content_disposition, None) or ""

    @property
    def encoding(self) -> str:
        value = str(self._message.get("Content-Transfer-Encoding", ""))
        return _strip_comments(value).strip().strip(";\"'").lower()

    @property
    def boundary(self) -> bytes:
        value = guarded(self._message.get_boundary, None) or ""
        return value.encode("utf-8", "surrogateescape")

    def parameter(self, name: str) -> str:
        """A parameter of Content-Type, such as charset or report-type."""
        value = guarded(lambda: self._message.get_param(name), None)
        return clean_line(str(value[-1] if isinstance(value, tuple) else value or ""))

    @property
    def file_name(self) -> str:
        """The file's name without folders; empty where it has none."""
        name = guarded(self._message.get_filename, None) or ""
        if not isinstance(name, str):
            return ""
        plain = re.split(r"[/\\]", unfold_words(name))[-1].strip()
        return plain[:200]
