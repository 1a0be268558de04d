"""Content-Type and its kin with their parameters (RFC 2045 5.1, RFC 2183, RFC 2231), as they really come."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from postroom.intake.charsets import clean, decode

_LONGEST = 8_192
_USUAL = 100
"""Characters of headers that are worth remembering."""
_PARAMETER = re.compile(r'([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*+"|[^;]*)')
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")
_ESCAPE = re.compile(r'\\(["\\])')
_COMMENT = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Structured:
    """The value of a structured header, in lower case, and its parameters; their names are in lower case too."""

    value: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


_NOTHING = Structured()


def read_structured(header: str) -> Structured:
    """Read a header such as `text/plain; charset=utf-8`. Never raises; of a parameter given twice the first counts."""
    if not header:
        return _NOTHING
    return _read_usual(header) if len(header) <= _USUAL else _read(header)


@lru_cache(maxsize=256)
def _read_usual(header: str) -> Structured:
    """Nearly all mail says one of a few things."""
    return _read(header)


def _read(header: str) -> Structured:
    main, _, rest = header[:_LONGEST].partition(";")
    main = (_COMMENT.sub(" ", main) if "(" in main else main).strip().strip("\"'")
    value, _, misplaced = main.partition(" ")  # "text/plain charset=utf-8"
    return Structured(value.lower(), _read_parameters(f"{misplaced};{rest}") if misplaced or rest else {})


def _read_parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for match in _PARAMETER.finditer(text):
        value = match[2].strip()
        quoted = len(value) > 1 and value[0] == value[-1] == '"'
        value = _ESCAPE.sub(r"\1", value[1:-1]) if quoted else value.strip('"')
        section = _SECTION.fullmatch(match[1].lower())
        if section is None or (section[2] is None and not section[3]):
            found.setdefault(match[1].lower(), value)
        else:
            sections.setdefault(section[1], []).append((int(section[2] or 0), bool(section[3]), value))
    return found | {name: _joined(parts) for name, parts in sections.items()}


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    """The value that was cut into numbered sections, some of them in percent signs (RFC 2231 3 and 4)."""
    parts.sort(key=lambda part: part[0])
    charset, pieces = "", []
    for place, (_, encoded, value) in enumerate(parts):
        if encoded and not place and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        pieces.append(unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace"))
    return clean(decode(b"".join(pieces), charset)[0])
