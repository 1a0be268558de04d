"""A letter as a mail: its headers, and the envelope it travels in. Pure.

No header ever holds what a message says unchanged. Every mail that no officer wrote says so (RFC 3834, section 5). Each
carries our loop header, asks for answers at an address that only we can have signed, and for bounces at another.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from typing import Literal

from postroom.casework.answer_address import answer_address, bounce_address
from postroom.models.settings import Council

LONGEST_LINE = 200
"""Characters that one line from a message may take in a letter of ours."""
LONGEST_THREAD = 20
"""Message-IDs in References."""

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,900}")
_NEVER_PRINTED = {"Cc", "Cs", "Zl", "Zp"}


class _AsItIs(UnstructuredHeader, BaseHeader):
    """A header of addresses or Message-IDs in plain ASCII. It is neither folded nor encoded: the standard library would
    make an encoded word of a long Message-ID, which then matches nothing."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


class _OneALine(_AsItIs):
    """The same for several of them: each on a line of its own, since a line ends at 998 octets."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {(policy.linesep + ' ').join(str(self).split())}{policy.linesep}"


def _policy() -> Policy:
    headers = HeaderRegistry()
    for name in ("to", "reply-to", "message-id", "in-reply-to"):
        headers.map_to_type(name, _AsItIs)
    headers.map_to_type("references", _OneALine)
    return SMTP.clone(header_factory=headers)


_POLICY = _policy()


@dataclass(frozen=True)
class Mail:
    """A mail ready to be sent, with its envelope. `message_id` has its angle brackets. `by_post`: the recipient is a
    postal address and the content a PDF; `again`: nobody knows the end of an earlier try."""

    message_id: str
    envelope_sender: str
    recipient: str
    subject: str
    content: bytes
    by_post: bool = False
    again: bool = False


def one_line(text: str) -> str:
    """`text` from outside as one printable line of at most `LONGEST_LINE` characters."""
    printable = "".join(" " if unicodedata.category(c) in _NEVER_PRINTED else c for c in text)
    line = " ".join(printable.split())
    return line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1].rstrip() + "…"


def usable_address(address: str) -> bool:
    """Whether any mail server takes mail for this address: plain ASCII without quotes (RFC 5321, 4.1.2)."""
    return len(address) <= 254 and _ADDRESS.fullmatch(address) is not None


def compose(
    *,
    council: Council,
    key: str,
    token: str,
    recipient: str,
    subject: str,
    text: str,
    now: datetime,
    automatic: Literal["auto-replied", "auto-generated"] | None,
    html: str = "",
    reference: str = "",
    answers: str = "",
    thread: Sequence[str] = (),
) -> Mail:
    """A mail to `recipient`, a usable address. `automatic` is None where an officer wrote it.

    `token` names it for good: its Message-ID is <token@our domain>, its bounce address carries it. `reference` is the
    case that answers go to; `answers` the Message-ID, without angle brackets, of the message that it answers, and
    `thread` those of the messages and letters before that, the oldest first.
    """
    feedback = council.addresses.feedback
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(one_line(council.name), addr_spec=feedback)
    message["To"] = recipient
    message["Subject"] = one_line(subject).replace("=?", "= ?")  # else decoded here, to new lines if it says so
    message["Date"] = now.astimezone(council.zone)
    message["Message-ID"] = f"<{token}@{council.domain}>"
    if _MESSAGE_ID.fullmatch(answers):
        message["In-Reply-To"] = f"<{answers}>"
    known = [f"<{id_}>" for id_ in _shortened([*thread, answers])]
    if known:
        message["References"] = " ".join(known)
    if reference:
        message["Reply-To"] = answer_address(feedback, reference, key)
    if automatic:
        message["Auto-Submitted"] = automatic
        message["X-Auto-Response-Suppress"] = "All"
    message["X-Postroom-Loop"] = council.domain
    message["X-Postroom-Mail"] = token
    message.set_content(_encodable(text), cte="quoted-printable")
    if html:
        message.add_alternative(_encodable(html), subtype="html", cte="quoted-printable")
        message.set_boundary(f"=_{token}")  # else another one each time
    return Mail(
        message_id=str(message["Message-ID"]),
        envelope_sender=bounce_address(feedback, token, key),
        recipient=recipient,
        subject=str(message["Subject"]),
        content=message.as_bytes(),
    )


def _shortened(thread: Sequence[str]) -> list[str]:
    """The Message-IDs of a thread, each once: the one that began it and the newest."""
    ids = list(dict.fromkeys(id_ for id_ in thread if _MESSAGE_ID.fullmatch(id_)))
    return ids if len(ids) <= LONGEST_THREAD else [ids[0], *ids[1 - LONGEST_THREAD :]]


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()
