"""Addresses and the names beside them (RFC 5322 3.4 and 4.4, RFC 6532), as mail programs and attackers write them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from postroom.intake.charsets import clean_line
from postroom.intake.encoded_words import unfold_words
from postroom.intake.limits import Limits

_LOCAL = r"(?:[^\s@<>(),;:\"\[\]\\]{1,256}|\"[^\"\r\n]{1,250}\")"
_DOMAIN = r"(?:[^\s@<>(),;:\"\[\]\\]{1,255}|\[[A-Za-z0-9.:]{1,100}\])"
_ADDRESS = re.compile(f"{_LOCAL}@{_DOMAIN}")
_PLAIN = re.compile(r"[a-z0-9.+_-]{1,64}@[a-z0-9.-]{1,255}")
_SIMPLE = re.compile(
    r"(?:([A-Za-z0-9 .'_-]*)<([a-z0-9.+_-]{1,64}@[a-z0-9.-]{1,255})>|([a-z0-9.+_-]{1,64}@[a-z0-9.-]{1,255}))"
)
_BLANKS_INSIDE = re.compile(r"[ \t]*([@.])[ \t]*")
_SCHEME = re.compile(r"(?:mailto|smtp):", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)")
_PLAIN_RUN = re.compile(r'[^"(<\[,;:]+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_ANGLE = re.compile(r"<([^<>]*)>")
_OPEN_ANGLE = re.compile(r"<([^,;<>]*)")
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
_LITERAL = re.compile(r"\[[^\[\]<>,;\"]*\]")
_LONGEST = 320


@dataclass(frozen=True)
class Mailbox:
    """A name and an address, in lower case; the address is empty where there is no usable one."""

    name: str
    email: str


def read_addresses(value: str, limits: Limits) -> tuple[Mailbox, ...]:
    """The mailboxes of an address header. The list is split before its words are decoded, so that no encoded comma or
    bracket can pretend to be an address; of `ceo@council <other@place>` the bracket counts."""
    simple = _SIMPLE.fullmatch(value)
    if simple:
        return (Mailbox((simple[1] or "").strip(), _usable(simple[2] or simple[3])),)
    found = []
    for pieces in _split(value):
        mailbox = _mailbox(pieces)
        if mailbox.email or mailbox.name:
            found.append(mailbox)
        if len(found) >= limits.addresses:
            break
    return tuple(found)


@dataclass(frozen=True)
class _Piece:
    """A bit of an address header: `kind` is its opening sign, or empty for plain text."""

    kind: str
    text: str


def _split(value: str) -> Iterator[list[_Piece]]:
    """The pieces of each mailbox; names of groups and source routes before a colon are left out."""
    pieces: list[_Piece] = []
    for piece in _scan(value):
        if piece.kind == ",":
            yield pieces
            pieces = []
        elif piece.kind == ":":
            pieces = []
        else:
            pieces.append(piece)
    yield pieces


def _scan(value: str) -> Iterator[_Piece]:
    """`value` in pieces, in linear time. A quote or comment that is never closed is skipped, and a comma behind it
    counts: better a name cut short than an address lost."""
    at, closed = 0, {'"': True, "(": True}
    while at < len(value):
        sign = value[at]
        if sign in ",;":
            yield _Piece(",", "")
            at += 1
        elif sign == ":":
            yield _Piece(":", "")
            at += 1
        elif closed.get(sign) and (found := _enclosed(sign, value, at)):
            yield found[0]
            at = found[1]
        elif sign == "<" and (angle := _ANGLE.match(value, at) or _OPEN_ANGLE.match(value, at)):
            yield _Piece("<", angle[1])
            at = angle.end()
        elif sign == "[" and (literal := _LITERAL.match(value, at)):
            yield _Piece("", literal[0])
            at = literal.end()
        elif run := _PLAIN_RUN.match(value, at):
            yield _Piece("", run[0])
            at = run.end()
        else:
            closed[sign] = False
            at += 1


def _enclosed(sign: str, value: str, at: int) -> tuple[_Piece, int] | None:
    """The quote or comment that opens at `at`, and where it ends; None where it is never closed."""
    if sign == "(":
        return _comment(value, at)
    match = _QUOTED.match(value, at)
    return (_Piece(sign, match[1]), match.end()) if match else None


def _comment(value: str, at: int) -> tuple[_Piece, int] | None:
    depth = 0
    for sign in _PARENTHESIS.finditer(value, at):
        depth += {"(": 1, ")": -1}.get(sign[0], 0)
        if not depth:
            return _Piece("(", value[at + 1 : sign.start()]), sign.end()
    return None


def _mailbox(pieces: list[_Piece]) -> Mailbox:
    """The last bracket holds the address; without brackets it stands by itself, its name beside it in a comment."""
    brackets = [place for place, piece in enumerate(pieces) if piece.kind == "<"]
    if brackets:
        last = brackets[-1]
        before, after = _phrase(pieces[:last]), _phrase(pieces[last + 1 :])
        return Mailbox(before or after, _in_brackets(pieces[last].text))
    bare = "".join(f'"{piece.text}"' if piece.kind == '"' else piece.text for piece in pieces if piece.kind != "(")
    email = _usable(bare)
    if email:
        comments = [piece.text for piece in pieces if piece.kind == "("]
        return Mailbox(unfold_words(_unescaped(comments[-1])) if comments else "", email)
    words = bare.split()
    email = _lone_address(words)
    if not email:
        return Mailbox(_phrase(pieces), "")
    name = " ".join(word for word in words if _of_word(word) != email)
    return Mailbox(unfold_words(name.replace('"', "")), email)


def _in_brackets(text: str) -> str:
    """The address in brackets, which some programs quote, encode, or put a name before."""
    plain = unfold_words(text) if text.startswith("=?") else text
    return _usable(plain) or _usable(plain.strip('"')) or _lone_address(plain.split())


def _phrase(pieces: list[_Piece]) -> str:
    shown = (
        f"({_unescaped(piece.text)})"
        if piece.kind == "("
        else f"<{piece.text}>"
        if piece.kind == "<"
        else _unescaped(piece.text)
        if piece.kind
        else piece.text
        for piece in pieces
    )
    text = "".join(shown).strip()
    if text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1]
    return unfold_words(text)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)


def _usable(address: str) -> str:
    """`address` in lower case; empty where it is none."""
    if _PLAIN.fullmatch(address):
        return address.rstrip(".")
    address = _SCHEME.sub("", address.strip(), count=1).strip().strip("'").rstrip(".,;>")
    if address.startswith("@"):  # an old source route: <@relay,@relay:pat@home>
        address = address.rpartition(":")[2]
    if address and not address.startswith('"'):
        address = _BLANKS_INSIDE.sub(r"\1", address)
    if len(address) > _LONGEST or not _ADDRESS.fullmatch(address):
        return ""
    return address.lower() if clean_line(address) == address else ""


def _of_word(word: str) -> str:
    return _usable(word) or _usable(word.strip("[]"))


def _lone_address(words: list[str]) -> str:
    """The one address among `words`; empty where there is none, or where there are several."""
    found = [email for email in map(_of_word, words) if email]
    return found[0] if len(found) == 1 else ""
