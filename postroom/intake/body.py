"""Which parts of a mail are its words, and which are attachments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from postroom.intake.attachments import MESSAGES, Attached, from_package, from_part, from_text
from postroom.intake.calendar_text import calendar_to_text
from postroom.intake.charsets import clean, decode
from postroom.intake.flowed import unflow
from postroom.intake.html_text import html_to_text
from postroom.intake.limits import Limits
from postroom.intake.mime import Part, read_parts
from postroom.intake.shown_text import NOTHING, ShownText, join, plain
from postroom.intake.tnef import Packed, unpack
from postroom.intake.uuencode import files_in, without_files

_LINE_ENDS = re.compile(r"\r*\n|\r")
_READABLE = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-amp-html")
_WORDS = ("text/plain", "text/html")
_ENRICHED_TAG = re.compile(r"<(?:param>[^<]{0,200}</param|/?[a-zA-Z-]{1,60})>")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_ENCRYPTED = {
    "application/pkcs7-mime": "S/MIME",
    "application/x-pkcs7-mime": "S/MIME",
    "application/pgp-encrypted": "PGP",
}
_STUB = re.compile(
    r"\b(?:html|view (?:this|it) (?:e-?mail |message )?(?:in|online)|graphical e?-?mail|multi-?part|mime)\b",
    re.IGNORECASE,
)
"""Words of a plain text that only says that there is HTML."""
_STUB_LETTERS = 400
_POOR_LETTERS = 200
_DEEPEST_MESSAGE = 5
_SHOWN_INSTEAD = 10
"""Attached messages and texts that are shown in place of a mail without words of its own, and how deep."""


@dataclass(frozen=True)
class Body:
    """`html` is as received; `text` the words, of plain parts and of HTML where that says more."""

    text: ShownText
    html: str | None
    attachments: tuple[Attached, ...]
    defects: tuple[str, ...]


def read_body(root: Part, limits: Limits) -> Body:
    """The text of `root` with all its inline parts, and what is attached."""
    return _Reader(root, limits).read()


class _Reader:
    def __init__(self, root: Part, limits: Limits, nested: int = 0) -> None:
        self._root = root
        self._limits = limits
        self._nested = nested
        self._bytes_left = limits.text_bytes
        self._html: list[str] = []
        self._defects: dict[str, None] = {}
        self._shown: dict[int, list[Attached]] = {}
        """The parts that are words, with the files written into them."""
        self._packed: dict[int, Packed] = {}

    def read(self) -> Body:
        text = join(self._texts(self._root))
        leaves = [leaf for leaf in self._root.leaves() if id(leaf) not in self._shown]
        for leaf in leaves:
            self._look_into(leaf)
        if not text.text.strip():
            text = next(filter(lambda found: found.text.strip(), self._instead(leaves)), NOTHING)
        html = "\n".join(self._html)
        attached = (file for leaf in self._root.leaves() for file in self._files(leaf, html))
        return Body(text, html or None, tuple(attached), tuple(self._defects))

    def _files(self, leaf: Part, html: str) -> list[Attached]:
        if id(leaf) in self._shown:
            return self._shown[id(leaf)]
        packed = self._packed.get(id(leaf))
        return [from_package(file) for file in packed.files] if packed and packed.files else [from_part(leaf, html)]

    def _texts(self, part: Part, convert: bool = True) -> Iterator[ShownText]:
        """The text of each inline part in `part`. Its depth is bounded when the parts are split. Without `convert`
        HTML is only kept."""
        if part.content_type == "multipart/alternative" and part.children:
            yield self._best(part, convert)
        elif part.children:
            for child in part.children:
                yield from self._texts(child, convert)
        elif self._is_text(part):
            yield self._own_text(part, convert)

    def _is_text(self, part: Part) -> bool:
        """Whether a leaf is part of what the writer says. A multipart that could not be split is shown as it is."""
        named = bool(part.file_name) and part is not self._root
        if part.disposition == "attachment" or named or part.too_deep:
            return False
        return part.content_type in _READABLE or part.content_type.startswith("multipart/")

    def _best(self, part: Part, convert: bool) -> ShownText:
        """Of alternatives (RFC 2046 5.1.4) the plain text; that of the HTML where it says much more."""
        plain_text = join(
            text for child in part.children if child.content_type == "text/plain" for text in self._texts(child)
        )
        letters = plain_text.text.strip()
        doubtful = len(letters) < _POOR_LETTERS or (len(letters) < _STUB_LETTERS and bool(_STUB.search(letters)))
        others = [
            join(self._texts(child, convert and doubtful))
            for child in part.children
            if child.content_type != "text/plain"
        ]
        richest = max(others, key=lambda text: len(text.text), default=NOTHING)
        return richest if doubtful and _says_more(richest.text, letters) else plain_text

    def _own_text(self, part: Part, convert: bool) -> ShownText:
        self._shown[id(part)] = []
        data, defect = part.decoded()
        self._note(defect)
        if part.content_type != "text/html" and (files := files_in(data)):
            self._shown[id(part)] = [from_text(file) for file in files]
            data = without_files(data, files)
        if len(data) > self._bytes_left:
            data = data[: self._bytes_left]
            self._note("the text was too long to be kept whole")
        self._bytes_left -= len(data)
        text, defect = decode(data, part.charset)
        self._note(defect)
        if part.content_type == "text/html":
            self._html.append(text)
            return html_to_text(text, self._limits) if convert else NOTHING
        return self._plain_text(part, text)

    def _plain_text(self, part: Part, text: str) -> ShownText:
        if part.content_type == "text/x-amp-html":
            return NOTHING
        text = _with_line_feeds(text)
        if part.content_type in ("text/enriched", "text/richtext"):
            text = "<".join(_ENRICHED_TAG.sub("", piece) for piece in text.split("<<"))
        if part.parameter("format").lower() == "flowed":
            text = unflow(text, delete_space=part.parameter("delsp").lower() == "yes")
        if "-----BEGIN PGP MESSAGE-----" in text:
            self._note("encrypted (PGP): its words can't be read")
        return plain(text)

    def _look_into(self, leaf: Part) -> None:
        """Unpack what is packed, and say what can't be read."""
        if leaf.content_type in _TNEF or leaf.file_name.lower() == "winmail.dat":
            packed = unpack(leaf.decoded()[0])
            if packed is None:
                self._note("a winmail.dat that can't be read")
            else:
                self._packed[id(leaf)] = packed
        kind = _ENCRYPTED.get(leaf.content_type)
        if kind and leaf.parameter("smime-type").lower() == "signed-data":
            self._note(f"signed and packed ({kind}): its words can't be read")
        elif kind and leaf.parameter("smime-type").lower() != "certs-only":
            self._note(f"encrypted ({kind}): its words can't be read")

    def _instead(self, leaves: list[Part]) -> Iterator[ShownText]:
        """What speaks in place of a mail that has no words of its own."""
        for packed in self._packed.values():
            if packed.text:
                yield plain(clean(_with_line_feeds(packed.text[: self._limits.text_bytes])))
            elif packed.html:
                yield html_to_text(clean(packed.html[: self._limits.text_bytes]), self._limits)
        named = (leaf for leaf in leaves if leaf.content_type in _WORDS and leaf.disposition != "attachment")
        yield join(_Reader(leaf, self._limits, self._nested).read().text for leaf in islice(named, _SHOWN_INSTEAD))
        if self._nested < _DEEPEST_MESSAGE:
            messages = [leaf for leaf in leaves if leaf.content_type in MESSAGES]
            yield join(map(self._read_message, messages[:_SHOWN_INSTEAD]))
        for leaf in leaves:
            if leaf.content_type == "text/calendar":
                yield plain(calendar_to_text(decode(leaf.decoded()[0][: self._limits.text_bytes], leaf.charset)[0]))

    def _read_message(self, leaf: Part) -> ShownText:
        inner, _ = read_parts(leaf.decoded()[0], self._limits)
        return _Reader(inner, self._limits, self._nested + 1).read().text

    def _note(self, defect: str) -> None:
        if defect:
            self._defects[defect] = None


def _with_line_feeds(text: str) -> str:
    text = text.replace("\r\n", "\n")
    return _LINE_ENDS.sub("\n", text) if "\r" in text else text


def _says_more(html: str, plain_text: str) -> bool:
    """Whether `html` should stand for `plain_text`: that is empty, a pointer to the HTML, or a small part of it."""
    if not plain_text:
        return bool(html)
    letters, more = sum(map(str.isalnum, plain_text)), sum(map(str.isalnum, html))
    if more < 2 * letters:
        return False
    if _STUB.search(plain_text):
        return True
    first = plain_text.split()[:5]
    return more > 5 * letters and " ".join(first) in " ".join(html.split())
