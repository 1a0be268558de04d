"""What a bounce says: whether the mail came back for good, why, and which mail it was. Pure.

A delivery notification (RFC 3464) says it by recipient, with an action and a status (RFC 3463). Older mail systems say
it in words; of those only the reply codes are read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from postroom.intake.charsets import clean_line, decode
from postroom.intake.limits import Limits
from postroom.intake.mime import Part, read_parts

_READ_BYTES = 65_536
_REASON_CHARACTERS = 300
_RECIPIENTS = 100
_STATUSES = ("message/delivery-status", "message/global-delivery-status")
_LINE_ENDS = re.compile(r"\r*\n|\r")
_FOLD = re.compile(r"\n[ \t]+")
_FIELD = re.compile(r"^([A-Za-z][A-Za-z-]{0,40}):[ \t]*([^\n]{0,2000})", re.MULTILINE)
_CODE = re.compile(r"(?<![\w.])([245])\.\d{1,3}\.\d{1,3}(?![\w.])")
_REPLY = re.compile(r"(?<![\w.-])([45])\d\d[ -](?=\S)[^\n]{3,300}")
_CLASS = re.compile(r"\s*([245])\.\d")
_REPLY_CLASS = re.compile(r"[^;]{0,50};\s{0,5}([45])\d\d\b")
_DELAYED = re.compile(
    r"\bdelayed\b|\bdelivery delayed\b|\bstill (?:being )?(?:tried|trying)|\bwill be retried\b", re.IGNORECASE
)
_FAILED = re.compile(
    r"undeliver|returned mail|delivery (?:has )?failed|failure notice|could not be delivered|unzustellbar|non remis",
    re.IGNORECASE,
)
_OUR_HEADER = re.compile(r"^[> ]{0,8}X-Postroom-Mail:[ \t]{0,5}([0-9a-f]{8,64})[ \t]*$", re.IGNORECASE | re.MULTILINE)


class Failure(IntEnum):
    """How bad it is; the worst of a bounce's recipients counts, since a letter of ours has one."""

    NONE = 0
    """Delivered, relayed, expanded: no failure."""
    SOFT = 1
    """Delayed, or failed for a cause that passes (class 4)."""
    HARD = 2
    """Failed for good (class 5)."""


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
        failure, reason = _in_words(f"{root.headers.first('subject')}\n{spoken}")
    return Returned(failure, clean_line(reason)[:_REASON_CHARACTERS], tokens)


def _text(part: Part) -> str:
    return _LINE_ENDS.sub("\n", decode(part.decoded()[0][:_READ_BYTES])[0])


def _recipients(status: str) -> Iterator[tuple[Failure, str]]:
    """Of each recipient (RFC 3464 2.3), how it ended. The first block is about the message and has no action."""
    for block in re.split(r"\n[ \t]*\n", status)[: _RECIPIENTS + 1]:
        fields = {name.lower(): value.strip() for name, value in _FIELD.findall(_FOLD.sub(" ", block))}
        action = re.sub(r"\([^()]*\)", "", fields.get("action", "")).strip().lower()
        if action:
            diagnostic = fields.get("diagnostic-code", "")
            code = fields.get("status", "")
            yield _failure(action, code, diagnostic), _without_type(diagnostic) or code or action


def _failure(action: str, status: str, diagnostic: str) -> Failure:
    """RFC 3464 2.3.3 and 2.3.4. A failure without a class of its own is one for good."""
    if action == "delayed":
        return Failure.SOFT
    if action != "failed":
        return Failure.NONE
    found = _CLASS.match(status) or _REPLY_CLASS.match(diagnostic)
    return Failure.SOFT if found and found[1] == "4" else Failure.HARD


def _without_type(diagnostic: str) -> str:
    kind, semicolon, text = diagnostic.partition(";")
    return text.strip() if semicolon and " " not in kind.strip() else diagnostic


def _in_words(text: str) -> tuple[Failure, str]:
    """A bounce without fields: its reply codes, else what it says of a delay; a mail that came back has failed."""
    head = text[:_READ_BYTES]
    reply = _REPLY.search(head)
    code = _CODE.search(head)
    line = reply[0] if reply else next((line for line in head.split("\n") if code and code[0] in line), "")
    if _DELAYED.search(head[:1000]):
        return Failure.SOFT, line
    if not (code or reply):
        return (Failure.HARD if _FAILED.search(head[:1000]) else Failure.NONE), ""
    kind = code[1] if code else reply[1] if reply else ""
    return (Failure.SOFT if kind == "4" else Failure.NONE if kind == "2" else Failure.HARD), line
