"""What was understood of messages, kept in the tables of messages and attachments; copies are known again."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from postroom.intake.parse import ParsedMessage
from postroom.intake.understanding import Understood
from postroom.models.message import Attachment, AttachmentCheck, Message

Said = tuple[str, str]
"""What makes a message the same as another: its Message-ID and the digest of its content."""


def said(parsed: ParsedMessage) -> Said:
    """What makes a message the same as another."""
    return parsed.message_id, parsed.content_digest


def stored_before(session: Session, understood: list[Understood]) -> dict[Said, int]:
    """The raw messages that said the same before: the same Message-ID with the same content."""
    query = select(Message.message_id, Message.content_digest, Message.raw_message_id).where(
        col(Message.message_id).in_({each.parsed.message_id for each in understood})
    )
    return {(message_id, digest): raw_message_id for message_id, digest, raw_message_id in session.exec(query)}


def store(session: Session, understood: Sequence[Understood]) -> list[Message]:
    """Keep what was understood of messages, with one statement; their attachments wait to be looked at and scanned."""
    if not understood:
        return []
    rows = session.scalars(insert(Message).returning(Message), [_message(each) for each in understood])
    stored = {message.raw_message_id: message for message in rows}
    for each in understood:
        if each.parsed.attachments:
            message_id = stored[each.raw_message_id].id
            assert message_id is not None
            session.add_all(_attachments(message_id, each.parsed))
            session.add(AttachmentCheck(message_id=message_id, not_before=each.received_at))
    return [stored[each.raw_message_id] for each in understood]


def _message(understood: Understood) -> dict[str, Any]:
    parsed, verdict = understood.parsed, understood.verdict
    return {
        "raw_message_id": understood.raw_message_id,
        "channel": understood.channel,
        "received_at": understood.received_at,
        "sent_at": parsed.date,
        "sender_name": parsed.sender.name,
        "sender_email": parsed.sender.email,
        "recipients": understood.recipients,
        "subject": parsed.subject,
        "text": parsed.text,
        "new_text": parsed.new_text,
        "has_html": parsed.has_html,
        "message_id": parsed.message_id,
        "content_digest": parsed.content_digest,
        "machine": verdict.machine,
        "may_answer": verdict.may_answer,
        "why_not": verdict.why_not,
        "defects": list(parsed.defects),
        "authentication": understood.authentication.sender,
        "authentication_details": list(understood.authentication.details),
    }


def _attachments(message_id: int, parsed: ParsedMessage) -> Iterator[Attachment]:
    for position, found in enumerate(parsed.attachments):
        yield Attachment(
            message_id=message_id,
            position=position,
            name=found.name,
            content_type=found.content_type,
            size=found.size,
            digest=found.digest,
        )
