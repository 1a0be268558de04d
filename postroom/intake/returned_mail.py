"""What a bounce says: whether the mail came back for good, why, and which mail it was. Pure.

A delivery notification (RFC 3464) says it by recipient, with an action and a status (RFC 3463). Older mail systems say
it in words; of those only the reply codes are read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from postroom.intake.charsets import clean_line, decode
from postroom.intake.encoded_words import unfold_words
from postroom.intake.limits import Limits
from postroom.intake.mime import Part, read_parts
from postroom.intake.undelivered import says_delayed, says_failed, says_full, subject_says_undelivered

_READ_BYTES = 65_536
_REASON_CHARACTERS = 300
_RECIPIENTS = 100
_STATUSES = ("message/delivery-status", "message/global-delivery-status")
_LINE_ENDS = re.compile(r"\r*\n|\r")
_FOLD = re.compile(r"\n[ \t]+")
_FIELD = re.compile(r"^([A-Za-z][A-Za-z-]{0,40}):[ \t]*([^\n]{0,2000})", re.MULTILINE)
_CODE = re.compile(r"(?<![\w.])([45])\.\d{1,3}\.\d{1,3}(?![\w.])")
_REPLY = re.compile(r"(?<![\w.-])([45])\d\d[ -](?=\S)(?!\d{3}-)[^\n]{3,300}")
_CLASS = re.compile(r"\s*([245])\.\d")
_REPLY_CLASS = re.compile(r"[^;]{0,50};\s{0,5}([45])\d\d\b")
_ARRIVED = ("delivered", "relayed", "expanded")
_OUR_HEADER = re.compile(r"^[> ]{0,8}X-Postroom-Mail:[ \t]{0,5}([0-9a-f]{8,64})[ \t]*$", re.IGNORECASE | re.MULTILINE)


class Failure(IntEnum):
    """How bad it is; the worst of a bounce's recipients counts, since a letter of ours has one."""

    NONE = 0
    """Delivered, relayed, expanded: no failure."""
    SOFT = 1
    """Delayed, or failed for a cause that passes (class 4)."""
    HARD = 2
    """Failed for good (class 5)."""


_BY_CLASS = {"2": Failure.NONE, "4": Failure.SOFT, "5": Failure.HARD}


@dataclass(frozen=True)
class Returned:
    """`reason` is one line of the other mail server's; `tokens` are those in our own header of the returned mail."""

    failure: Failure
    reason: str
    tokens: tuple[str, ...]


def read_returned(content: bytes, limits: Limits = Limits()) -> Returned:
    """What the bounce `content` says. Works on any bytes, as parsing does."""
    root, _ = read_parts(content, limits)
    texts = [(part.content_type, _text(part)) for part in root.leaves()]
    everything = "\n".join(text for _, text in texts)
    tokens = tuple(dict.fromkeys(token.lower() for token in _OUR_HEADER.findall(everything)))[:20]
    recipients = [found for kind, text in texts if kind in _STATUSES for found in _recipients(text)]
    if recipients:
        failure, reason = max(recipients, key=lambda found: found[0])
    else:
        spoken = next((text for kind, text in texts if kind.startswith("text/")), "")
        failure, reason = _in_words(unfold_words(root.headers.first("subject")), spoken)
    return Returned(failure, clean_line(reason)[:_REASON_CHARACTERS], tokens)


def _text(part: Part) -> str:
    return _LINE_ENDS.sub("\n", decode(part.decoded()[0][:_READ_BYTES])[0])


def _recipients(status: str) -> Iterator[tuple[Failure, str]]:
    """Of each recipient (RFC 3464 2.3), how it ended. The first block is about the message and has no action."""
    for block in re.split(r"\n[ \t]*\n", status)[: _RECIPIENTS + 1]:
        fields = {name.lower(): value.strip() for name, value in _FIELD.findall(_FOLD.sub(" ", block))}
        action = re.sub(r"\([^()]*\)", "", fields.get("action", "")).strip().lower()
        diagnostic, code = fields.get("diagnostic-code", ""), fields.get("status", "")
        if action or ("final-recipient" in fields and _CLASS.match(code)):
            yield _failure(action, code, diagnostic), _without_type(diagnostic) or code or action


def _failure(action: str, status: str, diagnostic: str) -> Failure:
    """RFC 3464 2.3.3 and 2.3.4, and systems that have words of their own for a failure. One without a class is for
    good."""
    if action.startswith("delay"):
        return Failure.SOFT
    if action.startswith(_ARRIVED):
        return Failure.NONE
    found = _CLASS.match(status) or _REPLY_CLASS.match(diagnostic)
    return _BY_CLASS[found[1]] if found else Failure.HARD


def _without_type(diagnostic: str) -> str:
    kind, semicolon, text = diagnostic.partition(";")
    return text.strip() if semicolon and " " not in kind.strip() else diagnostic


def _in_words(subject: str, text: str) -> tuple[Failure, str]:
    """A bounce without fields: what it says of a delay, else its reply codes; a mail that came back has failed."""
    head = text[:_READ_BYTES]
    reply = _REPLY.search(head)
    code = _CODE.search(head)
    line = reply[0] if reply else next((line for line in head.split("\n") if code and code[0] in line), "")
    kind = code[1] if code else reply[1] if reply else ""
    if says_delayed(f"{subject}\n{head}"):
        return Failure.SOFT, line
    if kind in ("4", "5"):
        return (Failure.SOFT if kind == "4" else Failure.HARD), line
    if subject_says_undelivered(subject) or says_failed(head):
        return (Failure.SOFT if says_full(head) else Failure.HARD), line
    return Failure.NONE, line
