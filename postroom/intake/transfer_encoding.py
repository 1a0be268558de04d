"""Content-Transfer-Encoding (RFC 2045 6), undone as far as the bytes allow."""

import binascii
import re

from postroom.intake.charsets import clean_line
from postroom.intake.uuencode import decode_uu

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
_PIECES = 10_000
"""Padded pieces in one part; programs that encode line by line write as many."""
_PLAIN = {"", "7bit", "8bit", "binary"}
_UU = {"uuencode", "x-uuencode", "uue", "x-uue"}
_SOFT_BREAK_WITH_BLANKS = re.compile(rb"=[ \t]+(?=\r?\n)")
_SOFT_BREAK_BY_RETURN = re.compile(rb"=\r(?!\n)")


def decode_transfer(body: bytes, encoding: str) -> tuple[bytes, str]:
    """`body` without its transfer encoding, and a defect or nothing. Never raises."""
    if encoding in _PLAIN:
        return body, ""
    if encoding == "quoted-printable":
        return _decode_quoted_printable(body), ""
    if encoding == "base64":
        return _decode_base64(body)
    if encoding in _UU:
        decoded = decode_uu(body)
        return (body, "not uuencoded though it says so") if decoded is None else (decoded, "")
    return body, f"unknown transfer encoding {clean_line(encoding)[:40]!r}"


def _decode_quoted_printable(body: bytes) -> bytes:
    if b"= " in body or b"=\t" in body:
        body = _SOFT_BREAK_WITH_BLANKS.sub(b"=", body)
    if b"=\r" in body:  # the library drops what follows, up to the next line feed
        body = _SOFT_BREAK_BY_RETURN.sub(b"", body)
    return binascii.a2b_qp(body)


def _decode_base64(body: bytes) -> tuple[bytes, str]:
    """Base64 with whatever is wrong with it; plain text that only claims to be base64 is left as it is."""
    first_line = body[:1000].lstrip().partition(b"\n")[0].strip()
    if first_line.translate(None, _BASE64):
        return body, "not base64 though it says so"
    letters = body.translate(None, _NOT_BASE64)
    padding = letters.find(b"=")
    if len(letters) % 4 == 0 and (padding < 0 or letters[padding:] in (b"=", b"==")):
        return binascii.a2b_base64(letters), ""
    segments = [segment for segment in re.split(b"=+", letters, maxsplit=_PIECES) if segment]
    if len(segments) > _PIECES:
        return b"".join(map(_decode_piece, segments[:_PIECES])), "damaged base64"
    damaged = any(len(segment) % 4 == 1 for segment in segments)
    return b"".join(map(_decode_piece, segments)), "damaged base64" if damaged else ""


def _decode_piece(letters: bytes) -> bytes:
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))
