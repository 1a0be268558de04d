"""Rich text as Outlook packs it (MS-OXRTFCP), and its words. Bounded by the sizes given; nothing raises."""

import re

_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    + b"\r\n"
    + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the window holds at the start (MS-OXRTFCP 2.1.3.1.1)."""
_WINDOW = 4_096
_LONGEST = 2_000_000
_COMPRESSED, _PLAIN = b"LZFu", b"MELA"
_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.I
)
_SILENT = frozenset(b"fonttbl colortbl stylesheet info pict object header footer generator themedata".split())
_SIGNS = {b"par": "\n", b"line": "\n", b"row": "\n", b"tab": "\t", b"cell": " ", b"emdash": "—", b"endash": "–"} | {
    b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•"
}  # fmt: skip


def unpack_rtf(data: bytes) -> bytes:
    """The rich text in `data`, as far as it can be unpacked; at most 2 MB of it."""
    if len(data) < 16:
        return b""
    if data[8:12] == _PLAIN:
        return data[16:][:_LONGEST]
    return _decompress(data[16:]) if data[8:12] == _COMPRESSED else b""


def _decompress(data: bytes) -> bytes:
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b"\x00"))
    place, at = len(_DICTIONARY), 0
    written = bytearray()
    while at < len(data) and len(written) < _LONGEST:
        control, at = data[at], at + 1
        for bit in range(8):
            if control >> bit & 1:
                if at + 2 > len(data):
                    return bytes(written)
                reference, at = int.from_bytes(data[at : at + 2], "big"), at + 2
                offset, length = reference >> 4, (reference & 15) + 2
                if offset == place:
                    return bytes(written)
                run = range(offset, offset + length)
            elif at < len(data):
                window[place], at = data[at], at + 1
                written.append(window[place])
                place = (place + 1) % _WINDOW
                continue
            else:
                return bytes(written)
            for source in run:
                window[place] = window[source % _WINDOW]
                written.append(window[place])
                place = (place + 1) % _WINDOW
    return bytes(written)


def rtf_to_text(rtf: bytes) -> str:
    """The words of `rtf`. HTML that was wrapped into it leaves its words too, since its tags are hidden in groups."""
    if not rtf.lstrip().startswith(rb"{\rtf"):
        return ""
    pieces: list[str] = []
    silent: list[bool] = [False]
    skip, stride = 0, 1
    for match in _TOKEN.finditer(rtf[:_LONGEST]):
        word, number, code, sign, brace, text = match.groups()
        if brace == b"{":
            silent.append(silent[-1])
        elif brace == b"}":
            silent = silent[:-1] or [False]
        elif sign == b"*" or (word or b"").lower() in _SILENT:
            silent[-1] = True
        elif silent[-1]:
            continue
        elif word == b"uc":
            stride = int(number or 1)
        elif word == b"u" and number:
            pieces.append(chr(int(number) % 0x10000))
            skip = stride
        elif word:
            pieces.append(_SIGNS.get(word, ""))
        elif code and skip:
            skip -= 1
        elif code:
            pieces.append(bytes([int(code, 16)]).decode("cp1252", "replace"))
        elif sign:
            pieces.append({b"~": "\xa0", b"_": "-"}.get(sign, sign.decode("latin-1") if sign in b"\\{}" else ""))
        elif text:
            decoded = text.decode("cp1252", "replace")
            pieces.append(decoded[skip:] if skip else decoded)
            skip = 0
    joined = "".join(pieces)
    return joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
