"""From bytes to text when the label may be wrong, and text that any database and page can take."""

import binascii
import codecs
import re
from collections.abc import Callable
from functools import lru_cache

from postroom.intake.guessed_charset import guess_codec

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,39}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_HIDDEN = re.compile(
    "[\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
    "|(?<=[\\x20-\u024f])[\u200c\u200d]|[\u200c\u200d](?=[\\x20-\u024f])"
)
"""What nobody sees but what turns or splits a line. Joiners are kept where scripts and pictures need them."""

_MEANT = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso2022_jp": "iso2022_jp_ext",
    "big5": "cp950",
    "utf-8-sig": "utf-8",
}
"""What senders mean by a label: the superset that their software really writes (as in the WHATWG Encoding Standard)."""

_ALIASES = {
    "ansi_x3.110-1983": "cp1252",
    "cp-850": "cp850",
    "cn-big5": "cp950",
    "gb_2312-80": "gb18030",
    "hz-gb-2312": "hz",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "ks_c_5601": "cp949",
    "ks_c_5601-1987": "cp949",
    "shift-jis": "cp932",
    "unicode": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf-8mb4": "utf-8",
    "utf8mb4": "utf-8",
    "visual": "iso8859-8",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "x-mac-roman": "mac_roman",
    "x-sjis": "cp932",
}
_NO_LABELS = {"", "x-unknown", "unknown-8bit", "unknown", "x-user-defined", "default", "_autodetect", "binary", "8bit"}
_JIS_OF_WINDOWS, _LOOSE_UTF_7 = "jis of windows", "loose utf-7"
_SIBLINGS = {
    "cp950": ("big5hkscs",),
    "iso2022_jp_ext": (_JIS_OF_WINDOWS, "iso2022_jp_2004", "iso2022_jp_2"),
    "euc_jp": ("cp932",),
    "utf-7": (_LOOSE_UTF_7,),
}
"""Where a text breaks the rules of the charset that it names, the one that it may be in."""
_NOT_FOR_MAIL = {"idna", "punycode", "unicode_escape", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs"}
"""Python codecs that are no charsets of mail; some take quadratic time."""
_WIDE_CODECS = frozenset({"gb18030", "cp949", "cp950", "cp932", "euc_jp"})
_WINDOWS_PUNCTUATION = frozenset((b"\x85", b"\x91", b"\x92", b"\x93", b"\x94", b"\x96", b"\x97"))
"""Quotation marks and dashes of Windows. Where nothing else is beyond ASCII, and they stand alone, it is no East Asian
text."""
_RUN = re.compile(rb"[\x80-\xff]+")
_ESCAPES = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_ext"), (b"\x1b(J", "iso2022_jp_ext"))
_SAMPLE = 4_000
_NOT_BY_CHANCE = 4
_WIDE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def clean(text: str) -> str:
    """`text` without NULs and lone surrogates, which databases refuse."""
    text = text.replace("\x00", "")
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def clean_line(text: str) -> str:
    """`text` as one line: no control characters, no line breaks, nothing hidden, nothing that turns the direction."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _HIDDEN.sub("", _CONTROL.sub(" ", clean(text))).strip()


def hides_something(text: str) -> bool:
    """Whether `text` has characters that nobody sees."""
    return not text.isascii() and bool(_HIDDEN.search(text))


@lru_cache(maxsize=256)
def codec_for(label: str) -> str:
    """The Python codec that reads what `label` promises; empty where there is none."""
    label = label.strip().strip("\"'").lower()
    if not _NAME.fullmatch(label):
        return ""
    label = _ALIASES.get(label, label)
    try:
        name = codecs.lookup(label).name
        b"x".decode(name, "ignore")  # refuses codecs that are no text, such as hex
    except (LookupError, ValueError):
        return ""
    return "" if name in _NOT_FOR_MAIL else _MEANT.get(name, name)


def decode(data: bytes, label: str = "") -> tuple[str, str]:
    """The text of `data`, and a defect in words (empty where none). Never raises.

    Tries what the label means, then UTF-8, then what the bytes look like, then Windows-1252, in which every mistake is
    at least readable.
    """
    if not label and data.isascii() and b"\x1b" not in data and b"\x00" not in data:
        return data.decode("ascii"), ""
    codec = codec_for(label) if label else ""
    defect = "" if codec or label.lower() in _NO_LABELS else f"unknown character set {clean_line(label)[:40]!r}"
    if codec in ("", "utf-8", "cp1252") and data.isascii() and b"\x1b" not in data:
        return data.decode("ascii").replace("\x00", ""), defect
    if codec.startswith(("utf-16", "utf-32")):
        codec = _wide_codec(data, codec)
    if _may_be_utf_8(data, codec) and (text := decode_as(data, "utf-8")) is not None:
        return text, f"in UTF-8 though it says {clean_line(label)[:40]}"
    if codec in _WIDE_CODECS and all(run in _WINDOWS_PUNCTUATION for run in _RUN.findall(data)):
        return clean(data.decode("cp1252", "replace")), f"in Windows-1252 though it says {clean_line(label)[:40]}"
    for candidate in (*_by_escape(data, codec), codec, *_SIBLINGS.get(codec, ()), "utf-8"):
        text = decode_as(data, candidate) if candidate else None
        if text is not None:
            return text, defect
        if codec and not defect:
            defect = f"not in the character set {codec} that it names"
    return _best_guess(data, codec), defect


def _may_be_utf_8(data: bytes, codec: str) -> bool:
    """Whether `data`, if it can be read as UTF-8, is in it and not in `codec`. By chance one letter of another script
    looks like UTF-8; several don't."""
    if codec in ("", "utf-8", "utf-7") or codec.startswith(("utf-16", "utf-32")):
        return False
    letters = _WIDE.findall(data, 0, _SAMPLE)
    return len(letters) >= (1 if codec == "cp1252" else _NOT_BY_CHANCE)


def decode_as(data: bytes, codec: str) -> str | None:
    """The text of `data` if all of it can be read by `codec`."""
    own = _OWN_CODECS.get(codec)
    try:
        return clean((own(data) if own else data.decode(codec)).removeprefix("\ufeff"))
    except (LookupError, ValueError):
        return None


def _by_escape(data: bytes, codec: str) -> tuple[str, ...]:
    """The charsets of East Asian mail that say what they are by escape sequences, and so need no label."""
    if codec in ("", "utf-8", "cp1252") and b"\x1b" in data:
        return tuple(name for escape, name in _ESCAPES if escape in data)
    return ()


def _wide_codec(data: bytes, codec: str) -> str:
    """UTF-16 without a zero is mostly a label on other text. Without a mark its order is told by where the zeros are
    (RFC 2781 4.3 says big-endian)."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return codec
    first, second = data[:2000:2].count(0), data[1:2000:2].count(0)
    if not first + second and decode_as(data, "utf-8") is not None:
        return "utf-8"
    if codec != "utf-16":
        return codec
    return "utf-16-le" if second > first else "utf-16-be"


def _best_guess(data: bytes, codec: str) -> str:
    """Text of bytes that are in no charset that they claim."""
    if codec and codec not in ("utf-8", "cp1252"):
        return clean(data.decode(codec, "replace"))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return clean(data.decode("utf-16", "replace"))
    if _mostly_wide(data):
        return clean(_utf_8_with_strays(data))
    guessed = decode_as(data, guess_codec(data))
    return guessed if guessed is not None else clean(data.decode("cp1252", "replace"))


def _mostly_wide(data: bytes) -> bool:
    """Whether more of the bytes beyond ASCII belong to letters of UTF-8 than not."""
    sample = data[:100_000]
    high = sum(map((0x7F).__lt__, sample))
    return 2 * sum(len(found) for found in _WIDE.findall(sample)) > high


def _utf_8_with_strays(data: bytes) -> str:
    """UTF-8 in which each stray byte is read as Windows-1252: a quotation of another charset, or a cut letter."""
    pieces: list[str] = []
    at = 0
    for wide in re.finditer(rb"(?:[\x00-\x7f]|" + _WIDE.pattern + rb")+", data):
        pieces.append(data[at : wide.start()].decode("cp1252", "replace"))
        pieces.append(wide[0].decode("utf-8", "replace"))
        at = wide.end()
    pieces.append(data[at:].decode("cp1252", "replace"))
    return "".join(pieces)


_JIS_ESCAPE = re.compile(rb"\x1b(\$[@B]|\([A-Z]|\$\([A-Z])")


def _from_jis_of_windows(data: bytes) -> str:
    """ISO-2022-JP with what Windows adds to it, such as numbers in circles (CP50221). Raises `ValueError`."""
    plain, *shifted = _JIS_ESCAPE.split(data)
    pieces = [plain.decode("ascii")]
    for escape, text in zip(shifted[::2], shifted[1::2], strict=True):
        if escape in (b"$@", b"$B"):
            pieces.append(b"".join(map(_to_shift_jis, text[::2], text[1::2])).decode("cp932"))
        elif escape == b"(I":
            pieces.append(bytes(byte | 0x80 for byte in text).decode("cp932"))
        else:
            pieces.append(text.decode("ascii"))
    return "".join(pieces)


def _to_shift_jis(row: int, cell: int) -> bytes:
    if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
        raise ValueError(row)
    first = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
    second = cell + (0x7E if row % 2 == 0 else 0x20 if cell > 0x5F else 0x1F)
    return bytes((first, second))


_SHIFTED = re.compile(rb"\+([A-Za-z0-9+/]*)-?")


def _from_loose_utf_7(data: bytes) -> str:
    """UTF-7 beside base64 that is none, as under a signature. Raises `ValueError` beyond ASCII."""
    return _SHIFTED.sub(_shifted, data).decode("utf-8")


def _shifted(word: re.Match[bytes]) -> bytes:
    letters = word[1]
    if not letters:
        return b"+" if word[0] == b"+-" else word[0]
    whole = len(letters) * 6 // 16 * 2
    try:
        data = binascii.a2b_base64(letters + b"A" * (-len(letters) % 4))[:whole]
        return data.decode("utf-16-be").encode() if data else word[0]
    except ValueError:
        return word[0]


_OWN_CODECS: dict[str, Callable[[bytes], str]] = {
    _JIS_OF_WINDOWS: _from_jis_of_windows,
    _LOOSE_UTF_7: _from_loose_utf_7,
}
