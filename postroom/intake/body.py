"""Which parts of a mail are its words, and which are attachments."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from postroom.intake.charsets import clean, clean_line, decode
from postroom.intake.headers import read_headers, unfold_words
from postroom.intake.html_text import html_to_text
from postroom.intake.limits import Limits
from postroom.intake.mime import Part

_LINE_ENDS = re.compile(r"\r\n|\r")
_REPORTS = {
    "message/delivery-status": "delivery-status",
    "message/global-delivery-status": "delivery-status",
    "message/disposition-notification": "disposition-notification",
    "message/global-disposition-notification": "disposition-notification",
    "message/feedback-report": "feedback-report",
}


@dataclass(frozen=True)
class FoundAttachment:
    """One attachment; its bytes are had by `attachment_content(raw, position)`."""

    name: str
    content_type: str
    size: int
    digest: str


@dataclass(frozen=True)
class Body:
    text: str
    html: str | None
    attachments: tuple[Part, ...]
    defects: tuple[str, ...]


def read_body(root: Part, limits: Limits) -> Body:
    """The text of `root` with all its inline parts, its HTML as received, and what is attached."""
    reader = _Reader(limits)
    text = "\n\n".join(piece for piece in reader.texts(root) if piece.strip())
    attached = tuple(part for part in root.leaves() if id(part) not in reader.shown)
    return Body(text.strip("\n"), "\n".join(reader.html) or None, attached, tuple(reader.defects))


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bytes_left = limits.text_bytes
        self.html: list[str] = []
        self.defects: list[str] = []
        self.shown: set[int] = set()

    def texts(self, part: Part) -> Iterator[str]:
        """The text of each inline part in `part`. Its depth is bounded when the parts are split."""
        if part.content_type == "multipart/alternative" and part.children:
            yield self._best(part)
        elif part.children:
            for child in part.children:
                yield from self.texts(child)
        elif _is_text(part):
            yield self._own_text(part)

    def _best(self, part: Part) -> str:
        """Of alternatives (RFC 2046 5.1.4) the plain text; the text of the HTML where the plain one is empty."""
        versions = [(child, "\n\n".join(filter(str.strip, self.texts(child)))) for child in part.children]
        plain = [text for child, text in versions if child.content_type == "text/plain" and text.strip()]
        other = [text for child, text in versions if child.content_type != "text/plain" and text.strip()]
        return (plain or other or [""])[0]

    def _own_text(self, part: Part) -> str:
        self.shown.add(id(part))
        data, defect = part.decoded()
        if len(data) > self._bytes_left:
            data = data[: self._bytes_left]
            self._note("the text was too long to be kept whole")
        self._bytes_left -= len(data)
        self._note(defect)
        text, defect = decode(data, part.structure.parameter("charset"))
        self._note(defect)
        if part.content_type != "text/html":
            return _LINE_ENDS.sub("\n", text)
        self.html.append(text)
        return html_to_text(text, self._limits)

    def _note(self, defect: str) -> None:
        if defect and defect not in self.defects:
            self.defects.append(defect)


def _is_text(part: Part) -> bool:
    """Whether a leaf is part of what the writer says. A multipart that could not be split is shown as it is."""
    if part.structure.disposition == "attachment" or part.structure.file_name or part.too_deep:
        return False
    return part.content_type in ("text/plain", "text/html") or part.content_type.startswith("multipart/")


def describe_attachment(part: Part) -> FoundAttachment:
    data = attachment_bytes(part)
    return FoundAttachment(
        name=_name(part),
        content_type=part.content_type,
        size=len(data),
        digest=hashlib.sha256(data).hexdigest(),
    )


def attachment_bytes(part: Part) -> bytes:
    return part.decoded()[0]


def _name(part: Part) -> str:
    if part.structure.file_name:
        return part.structure.file_name
    if part.content_type in ("message/rfc822", "message/global"):
        inner, _ = read_headers(attachment_bytes(part), Limits())
        subject = unfold_words(inner.first("subject"))[:100]
        return f"{subject}.eml" if subject else "message.eml"
    return ""


@dataclass(frozen=True)
class Report:
    """What a machine reports about a mail that was sent (RFC 3462): its kind, actions, and the mail's Message-IDs."""

    kind: str
    actions: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()


_ACTION = re.compile(r"^Action:[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_ORIGINAL_ID = re.compile(r"^[> ]{0,8}(?:Original-)?Message-ID:\s{1,5}<([^<>\s]{1,500})>", re.IGNORECASE | re.MULTILINE)
_REPORT_BYTES = 65_536


def read_report(root: Part, text: str) -> Report | None:
    """The report in a mail; None where it has none. Old mail servers put the mail they return into the text."""
    leaves = list(root.leaves())
    kinds = [_REPORTS[leaf.content_type] for leaf in leaves if leaf.content_type in _REPORTS]
    declared = root.structure.parameter("report-type").lower() if root.content_type == "multipart/report" else ""
    inner = [leaf for leaf in leaves if leaf.content_type.startswith("message/") or "rfc822" in leaf.content_type]
    details = [_LINE_ENDS.sub("\n", decode(leaf.decoded()[0][:_REPORT_BYTES])[0]) for leaf in inner]
    ids = [id_ for detail in (*details, text[:_REPORT_BYTES]) for id_ in _ORIGINAL_ID.findall(detail)]
    kind = declared or (kinds[0] if kinds else "")
    if not kind and not ids:
        return None
    actions = tuple(action.lower() for detail in details for action in _ACTION.findall(detail))
    return Report(clean_line(kind), actions[:20], tuple(dict.fromkeys(map(clean, ids)))[:20])
