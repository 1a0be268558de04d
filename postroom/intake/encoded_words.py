"""Encoded words (RFC 2047), read as mail programs really write them."""

import binascii
import re

from postroom.intake.charsets import clean_line, decode

_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?((?:[^?=\r\n]|=(?!\?[^=])|\?(?!=))*+)\?=")
"""Wider than the RFC: blanks and question marks in a word are common. A word never runs into the next one."""
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def unfold_words(value: str) -> str:
    """`value` with its encoded words decoded, as one clean line."""
    return clean_line(decode_words(value))


def decode_words(value: str) -> str:
    """`value` with its encoded words decoded, whatever they hide.

    Neighbours in one character set are joined before they are decoded: letters get split over two words.
    """
    if "=?" not in value:
        return value
    pieces: list[str] = []
    pending: list[bytes] = []
    charset, position = "", 0
    for word in _WORD.finditer(value):
        label = word[1].partition("*")[0].lower()  # a language may follow (RFC 2231 5)
        between = value[position : word.start()]
        if label != charset or (between and not between.isspace()):
            pieces.append(decode(b"".join(pending), charset)[0])
            pending.clear()
        if not between.isspace() or not position:
            pieces.append(between)
        charset, position = label, word.end()
        pending.append(_word_bytes(word[2], word[3]))
    pieces += (decode(b"".join(pending), charset)[0], value[position:])
    return "".join(pieces)


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    letters = _NOT_BASE64.sub(b"", data.partition(b"=")[0] if data.endswith(b"=") else data)
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
