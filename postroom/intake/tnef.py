"""winmail.dat: what Outlook packs its mail into (MS-OXTNEF). Bounded by the file's size; what is broken ends the
reading, and what was read until then counts."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from postroom.intake.charsets import decode
from postroom.intake.rtf import rtf_to_text, unpack_rtf

_SIGNATURE = b"\x78\x9f\x3e\x22"
_MESSAGE_BODY, _ATTACHMENT_TITLE, _ATTACHMENT_DATA = 0x800C, 0x8010, 0x800F
_ATTACHMENT_BEGINS, _ATTACHMENT_PROPERTIES, _MESSAGE_PROPERTIES, _CODE_PAGE = 0x9002, 0x9005, 0x9003, 0x9007
_BODY, _BODY_HTML, _BODY_RTF = 0x1000, 0x1013, 0x1009
_FILE_NAME, _LONG_FILE_NAME, _DISPLAY_NAME, _DATA, _MIME_TYPE = 0x3704, 0x3707, 0x3001, 0x3701, 0x370E
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
"""Bytes of a property's value by its type; the other types say their length themselves."""
_STRING, _UNICODE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_SEVERAL = 0x1000
_PROPERTIES = 2_000
_FILES = 500
"""How much is looked at; no mail program packs nearly as much."""
_INTERFACE = 16
"""An object's value begins with the identifier of its interface."""


@dataclass
class PackedFile:
    name: str = ""
    content_type: str = "application/octet-stream"
    content: bytes = b""


@dataclass
class Packed:
    """What a winmail.dat holds. `html` is as it was packed."""

    text: str = ""
    html: str = ""
    files: list[PackedFile] = field(default_factory=list)


class _Broken(Exception):
    """The file ends before it should, or says what can't be."""


def unpack(data: bytes) -> Packed | None:
    """What `data` holds; None where it is no winmail.dat at all. Never raises."""
    if not data.startswith(_SIGNATURE):
        return None
    packed, charset, rich = Packed(), "cp1252", ""
    try:
        for attribute, value in _attributes(data):
            if attribute == _CODE_PAGE and len(value) >= 4:
                charset = f"cp{int.from_bytes(value[:4], 'little')}"
            elif attribute == _MESSAGE_BODY:
                packed.text = packed.text or _text(value, charset)
            elif attribute == _MESSAGE_PROPERTIES:
                for name, content in _properties(value):
                    if name == _BODY:
                        packed.text = _any_text(content, charset) or packed.text
                    elif name == _BODY_HTML:
                        packed.html = _any_text(content, charset)
                    elif name == _BODY_RTF and isinstance(content, bytes):
                        rich = rtf_to_text(unpack_rtf(content))
            elif attribute == _ATTACHMENT_BEGINS:
                if len(packed.files) == _FILES:
                    break
                packed.files.append(PackedFile())
            elif packed.files:
                _describe(packed.files[-1], attribute, value, charset)
    except _Broken:
        pass
    packed.text = packed.text or rich
    return packed


def _describe(file: PackedFile, attribute: int, value: bytes, charset: str) -> None:
    if attribute == _ATTACHMENT_TITLE:
        file.name = file.name or _text(value, charset)
    elif attribute == _ATTACHMENT_DATA:
        file.content = value
    elif attribute == _ATTACHMENT_PROPERTIES:
        found = dict(_properties(value))
        names = (_any_text(found.get(name, b""), charset) for name in (_LONG_FILE_NAME, _FILE_NAME, _DISPLAY_NAME))
        file.name = next(filter(None, names), file.name)
        file.content_type = _any_text(found.get(_MIME_TYPE, b""), charset) or file.content_type
        inner = found.get(_DATA, b"")
        if not file.content and isinstance(inner, bytes):
            file.content = inner[_INTERFACE:]


class _Reader:
    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data, self.at = data, at

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self._data):
            raise _Broken
        self.at += size
        return self._data[self.at - size : self.at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    @property
    def done(self) -> bool:
        return self.at >= len(self._data)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    reader = _Reader(data, len(_SIGNATURE) + 2)
    while not reader.done:
        reader.take(1)  # level: whether of the message or of an attachment
        attribute = reader.number(2)
        reader.take(2)  # type
        value = reader.take(reader.number(4))
        yield attribute, value
        reader.take(2)  # checksum


def _properties(data: bytes) -> Iterator[tuple[int, bytes | str]]:
    """The properties by their number, each with its first value; text in Unicode is a `str`. Named ones are skipped."""
    reader = _Reader(data)
    for _ in range(min(reader.number(4), _PROPERTIES)):
        kind, name = reader.number(2), reader.number(2)
        if name >= 0x8000:
            _skip_name(reader)
        values = list(_values(reader, kind))
        if values and name < 0x8000:
            unicode = kind & ~_SEVERAL == _UNICODE
            yield name, values[0].decode("utf-16-le", "replace").rstrip("\x00") if unicode else values[0]


def _skip_name(reader: _Reader) -> None:
    reader.take(16)
    if reader.number(4) == 0:
        reader.take(4)
    else:
        size = reader.number(4)
        reader.take(size + -size % 4)


def _values(reader: _Reader, kind: int) -> Iterator[bytes]:
    plain = kind & ~_SEVERAL
    sized = plain in (_STRING, _UNICODE, _BINARY, _OBJECT)
    if not sized and plain not in _SIZES:
        raise _Broken
    count = reader.number(4) if sized or kind & _SEVERAL else 1
    for _ in range(count):
        size = reader.number(4) if sized else _SIZES[plain]
        value = reader.take(size)
        reader.take(-size % 4)
        yield value


def _any_text(value: bytes | str, charset: str) -> str:
    return value if isinstance(value, str) else _text(value, charset)


def _text(value: bytes, charset: str) -> str:
    return decode(value.rstrip(b"\x00"), charset)[0]
