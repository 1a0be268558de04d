"""The outbox: the only way out. A mail is written once, in the transaction of what it belongs to, and sent later."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, col, func, select

from postroom.models.case import Address
from postroom.models.outgoing_mail import Bounce, MailState, OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications.envelopes import compose


class Kind(StrEnum):
    LETTER = "letter"
    """Answers a resident's message."""
    DIGEST = "digest"
    ALERT = "alert"


@dataclass(frozen=True)
class Draft:
    """A mail to be written. `once` makes it one mail for ever; `letter` names its template; `answers` is the Message-ID
    that it answers, without angle brackets."""

    once: str
    kind: Kind
    recipient: str
    subject: str
    text: str
    letter: str
    case_id: int | None = None
    reference: str = ""
    stage: str = ""
    answers: str = ""


def post(session: Session, draft: Draft, *, settings: Settings, now: datetime) -> OutgoingMail | None:
    """Put a mail into the outbox; None where one with the same `once` is there already.

    Leaves the commit to its caller, and the transaction usable in either case.
    """
    mail = compose(
        council=settings.council,
        key=settings.signing_key.read(),
        token=secrets.token_hex(8),
        recipient=draft.recipient,
        subject=draft.subject,
        text=draft.text,
        now=now,
        automatic="auto-replied" if draft.kind == Kind.LETTER else "auto-generated",
        reference=draft.reference,
        answers=draft.answers,
    )
    insert = postgresql_insert if session.get_bind().dialect.name == "postgresql" else sqlite_insert
    statement = (
        insert(OutgoingMail)
        .values(
            once=draft.once,
            kind=draft.kind.value,
            case_id=draft.case_id,
            stage=draft.stage,
            letter=draft.letter,
            message_id=mail.message_id,
            envelope_sender=mail.envelope_sender,
            recipient=mail.recipient,
            subject=mail.subject,
            content=mail.content,
            created_at=now,
            state=MailState.WAITING.value,
            attempts=0,
            not_before=now,
            last_error="",
            bounce_kind=Bounce.NONE.value,
            bounce_reason="",
        )
        .on_conflict_do_nothing(index_elements=[col(OutgoingMail.once)])
        .returning(col(OutgoingMail.id))
    )
    posted = session.connection().execute(statement).scalar_one_or_none()
    return None if posted is None else session.get(OutgoingMail, posted)


def has_room(session: Session, recipient: str, *, settings: Settings, now: datetime) -> bool:
    """Whether one more letter may be written to `recipient` on this day in the council's zone.

    Locks the address until the caller commits, so that two workers don't both take the last place.
    """
    session.exec(select(Address).where(Address.email == recipient).with_for_update()).first()
    today = now.astimezone(settings.council.zone).date()
    midnight = datetime.combine(today, time(), tzinfo=settings.council.zone).astimezone(UTC)
    written = session.exec(
        select(func.count(col(OutgoingMail.id))).where(
            OutgoingMail.recipient == recipient,
            OutgoingMail.kind == Kind.LETTER,
            OutgoingMail.created_at >= midnight,
        )
    ).one()
    return written < settings.outgoing.letters_per_address_and_day
