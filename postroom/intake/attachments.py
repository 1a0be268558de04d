"""What is attached to a mail: parts that are no words, and files that were packed into the words."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from postroom.intake.charsets import clean_line
from postroom.intake.encoded_words import unfold_words
from postroom.intake.file_names import safe_name
from postroom.intake.headers import read_headers
from postroom.intake.limits import Limits
from postroom.intake.mime import Part
from postroom.intake.tnef import PackedFile
from postroom.intake.uuencode import WrittenIn

MESSAGES = ("message/rfc822", "message/global", "message/news")
_UNKNOWN = "application/octet-stream"
_SUBJECT_CHARACTERS = 100


@dataclass(frozen=True)
class FoundAttachment:
    """One attachment; its bytes are had by `attachment_content(raw, position)`. `inline`: shown within the words, as
    the picture of a signature is."""

    name: str
    content_type: str
    size: int
    digest: str
    inline: bool = False


@dataclass(frozen=True)
class Attached:
    """An attachment that is not decoded yet."""

    name: str
    content_type: str
    read: Callable[[], bytes]
    inline: bool = False

    def describe(self) -> FoundAttachment:
        data = self.read()
        return FoundAttachment(self.name, self.content_type, len(data), hashlib.sha256(data).hexdigest(), self.inline)


def from_part(part: Part, html: str) -> Attached:
    """`part` as an attachment of a mail whose HTML is `html`."""
    picture = part.content_type.startswith("image/")
    shown = picture and (part.disposition == "inline" or bool(part.content_id and f"cid:{part.content_id}" in html))
    return Attached(part.file_name or _name_by_content(part), part.content_type, lambda: part.decoded()[0], shown)


def from_text(file: WrittenIn) -> Attached:
    """A file that was written into a text."""
    name = safe_name(file.name.decode("utf-8", "replace").strip('"'))
    return Attached(name, _UNKNOWN, lambda: file.content)


def from_package(file: PackedFile) -> Attached:
    """A file out of a winmail.dat."""
    content_type = clean_line(file.content_type).lower()[:100] or _UNKNOWN
    return Attached(safe_name(file.name), content_type, lambda: file.content)


def _name_by_content(part: Part) -> str:
    """A mail that was forwarded as an attachment is named by its subject; others stay without a name."""
    if part.content_type not in MESSAGES:
        return ""
    inner, _ = read_headers(part.decoded()[0], Limits())
    subject = safe_name(unfold_words(inner.first("subject"))[:_SUBJECT_CHARACTERS].replace("/", "-"))
    return f"{subject}.eml" if subject else "message.eml"
