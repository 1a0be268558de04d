"""What parsing understood of a mail, as a value for JSON: what `postroom parse FILE...` prints."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from postroom.intake.addresses import Mailbox
from postroom.intake.machine_mail import judge
from postroom.intake.own_addresses import own_addresses
from postroom.intake.parse import ParsedMessage
from postroom.intake.parse_in_time import parse_in_time
from postroom.models.settings import Council


def describe_file(file: Path, council: Council | None) -> dict[str, Any]:
    """What the mail in `file` says, for `council` where it is known; the file and an error where it can't be read."""
    try:
        content = file.read_bytes()
    except OSError as error:
        return {"file": str(file), "error": f"can't be read: {error.strerror}"}
    return describe(str(file), parse_in_time(content), own_addresses(council) if council else ())


def describe(file: str, parsed: ParsedMessage, own_addresses: Collection[str]) -> dict[str, Any]:
    """`parsed` as plain values. `date` is ISO 8601 in UTC or None; `html` says whether the mail has HTML."""
    verdict = judge(parsed, own_addresses=own_addresses)
    return {
        "file": file,
        "subject": parsed.subject,
        "from": _mailbox(parsed.sender),
        "to": _mailboxes(parsed.to),
        "cc": _mailboxes(parsed.cc),
        "date": parsed.date.isoformat() if parsed.date else None,
        "message_id": parsed.message_id,
        "text": parsed.text,
        "new_text": parsed.new_text,
        "html": parsed.has_html,
        "machine": str(verdict.machine),
        "may_answer": verdict.may_answer,
        "why_not": verdict.why_not,
        "attachments": [
            {"name": found.name, "content_type": found.content_type, "size": found.size} for found in parsed.attachments
        ],
        "defects": list(parsed.defects),
    }


def _mailbox(mailbox: Mailbox) -> dict[str, str]:
    return {"name": mailbox.name, "email": mailbox.email}


def _mailboxes(mailboxes: Sequence[Mailbox]) -> list[dict[str, str]]:
    return [_mailbox(mailbox) for mailbox in mailboxes]
