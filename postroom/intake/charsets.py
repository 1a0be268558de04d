"""From bytes to text when the label may be wrong, and text that any database and page can take."""

import codecs
import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,39}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")

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
    "big5": "cp950",
}
"""What senders mean by a label: the superset that their software really writes (as in the WHATWG Encoding Standard)."""

_ALIASES = {"ks_c_5601": "cp949", "ks_c_5601-1987": "cp949", "x-gbk": "gb18030", "x-sjis": "cp932", "x-unknown": ""}
_NOT_FOR_MAIL = {"idna", "punycode", "unicode_escape", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs"}
"""Python codecs that are no charsets of mail; some take quadratic time."""


def clean(text: str) -> str:
    """`text` without NULs and lone surrogates, which databases refuse."""
    return _SURROGATE.sub("\ufffd", text.replace("\x00", ""))


def clean_line(text: str) -> str:
    """`text` as one line: no control characters, no line breaks, nothing that turns the reading direction."""
    return _DIRECTION.sub("", _CONTROL.sub(" ", clean(text))).strip()


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

    Tries what the label means, then UTF-8, then Windows-1252, in which every mistake is at least readable.
    """
    codec = codec_for(label)
    defect = f"unknown character set {clean_line(label)[:40]!r}" if label and not codec else ""
    for candidate in (codec, "utf-8"):
        if candidate:
            try:
                return clean(data.decode(candidate).removeprefix("\ufeff")), defect
            except (LookupError, ValueError):
                defect = defect or (f"not in the character set {codec} that it names" if codec else "")
    if codec and codec not in ("utf-8", "cp1252"):
        return clean(data.decode(codec, "replace")), defect
    return clean(data.decode("cp1252", "replace")), defect
