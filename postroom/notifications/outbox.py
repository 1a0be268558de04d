"""The outbox: the only way out. A mail is written once, in the transaction of what it belongs to, and sent later."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from functools import cache
from typing import Any, Literal

from sqlalchemy import bindparam
from sqlmodel import Session, SQLModel, col, func, select

from postroom.casework.history import record
from postroom.models.case import Address, Case
from postroom.models.inserting import insert_into
from postroom.models.outgoing_mail import Bounce, LetterVersion, MailState, OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications.envelopes import Mail, compose
from postroom.notifications.layout import plain
from postroom.notifications.letters import Version, in_full
from postroom.notifications.parts import html_part, pdf

_COPY = "copy:"
"""What the `once` of a copy begins with, before that of its letter."""


class Kind(StrEnum):
    LETTER = "letter"
    """To a resident. `OutgoingMail.purpose` says what for."""
    DIGEST = "digest"
    ALERT = "alert"
    NOTICE = "notice"
    """Passes on to an officer what somebody said."""
    COPY = "copy"
    """Of a letter to a resident, for their advocate."""
    ACCOUNT = "account"
    """About an officer's own sign-in; its words are for them alone."""


_ADDRESS = select(Address).where(Address.email == bindparam("recipient")).with_for_update()
_WRITTEN = select(func.count(col(OutgoingMail.id))).where(
    OutgoingMail.recipient == bindparam("recipient"),
    OutgoingMail.kind == Kind.LETTER,
    OutgoingMail.state != MailState.WITHDRAWN,
    OutgoingMail.created_at >= bindparam("since"),
)


@dataclass(frozen=True)
class Draft:
    """A mail to be written. `once` makes it one mail for ever; `letter` names its template and `version` which one it
    was; `answers` is the Message-ID that it answers, without angle brackets, and `thread` those before that. With
    `officer_id` an officer wrote it, so it is not automatic. With `by_post` the recipient is a postal address."""

    once: str
    kind: Kind
    recipient: str
    subject: str
    text: str
    letter: str
    version: Version | None = None
    purpose: str = ""
    case_id: int | None = None
    reference: str = ""
    stage: str = ""
    answers: str = ""
    thread: tuple[str, ...] = ()
    officer_id: int | None = None
    by_post: bool = False
    large_print: bool = False


def post(session: Session, draft: Draft, *, settings: Settings, now: datetime) -> OutgoingMail | None:
    """Put a mail into the outbox; None where one with the same `once` is there already.

    Leaves the commit to its caller, and the transaction usable in either case.
    """
    mail = _mail_of(draft, secrets.token_hex(8), settings, now)
    posted: OutgoingMail | None = _insert_once(
        session,
        OutgoingMail,
        "once",
        once=draft.once,
        kind=draft.kind.value,
        purpose=draft.purpose,
        case_id=draft.case_id,
        stage=draft.stage,
        letter=draft.letter,
        officer_id=draft.officer_id,
        template_digest=draft.version.digest if draft.version else "",
        text_digest=says(draft),
        message_id=mail.message_id,
        envelope_sender=mail.envelope_sender,
        by_post=draft.by_post,
        recipient=mail.recipient,
        domain="" if draft.by_post else domain_of(mail.recipient),
        subject=mail.subject,
        content=mail.content,
        created_at=now,
        state=MailState.WAITING.value,
        attempts=0,
        unanswered=0,
        not_before=now,
        last_error="",
        bounce_kind=Bounce.NONE.value,
        bounce_reason="",
    )
    if posted is not None:
        _keep_version(session, draft, now)
    return posted


def write_anew(session: Session, mail: OutgoingMail, draft: Draft, *, settings: Settings, now: datetime) -> None:
    """Let a mail that nobody can have got yet say what `draft` says, under its old Message-ID."""
    token = mail.message_id.strip("<>").partition("@")[0]
    written = _mail_of(draft, token, settings, now)
    mail.subject, mail.content, mail.text_digest = written.subject, written.content, says(draft)
    mail.template_digest = draft.version.digest if draft.version else ""
    session.add(mail)
    _keep_version(session, draft, now)


def withdraw(session: Session, mail: OutgoingMail, found: Case, now: datetime) -> None:
    """Take back a mail that nobody can have got yet, and the copy of it."""
    copy = waiting_copy(session, mail)
    if copy is not None:
        withdraw(session, copy, found, now)
    mail.state, mail.once = MailState.WITHDRAWN, f"{mail.once}:withdrawn:{mail.id}"
    session.add(mail)
    record(
        session,
        found,
        kind="letter withdrawn",
        summary="A letter that waited was not sent: what it said was no longer so",
        actor="delivery",
        now=now,
        after={"mail": mail.id, "letter": mail.letter},
    )


def copy_once(once: str) -> str:
    """The unique key of the copy of a letter."""
    return f"{_COPY}{once}"


def waiting_copy(session: Session, letter: OutgoingMail) -> OutgoingMail | None:
    """The copy of a letter, where that waits still."""
    query = select(OutgoingMail).where(OutgoingMail.once == copy_once(letter.once))
    return session.exec(query.where(OutgoingMail.state == MailState.WAITING, OutgoingMail.unanswered == 0)).first()


def letter_of(session: Session, copy: OutgoingMail) -> OutgoingMail | None:
    """The letter that a mail is a copy of; None where it was withdrawn."""
    return session.exec(select(OutgoingMail).where(OutgoingMail.once == copy.once.removeprefix(_COPY))).first()


def says(draft: Draft) -> str:
    """The digest of what a mail says and to whom."""
    parts = (draft.recipient, draft.subject, draft.text, str(draft.large_print))
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def has_room(session: Session, recipient: str, *, settings: Settings, now: datetime) -> bool:
    """Whether one more automatic letter may be written to `recipient` on this day in the council's zone.

    Locks the address until the caller commits, so that two workers don't both take the last place.
    """
    session.exec(_ADDRESS, params={"recipient": recipient}).first()
    today = now.astimezone(settings.council.zone).date()
    midnight = datetime.combine(today, time(), tzinfo=settings.council.zone).astimezone(UTC)
    written = session.exec(_WRITTEN, params={"recipient": recipient, "since": midnight}).one()
    return written < settings.outgoing.letters_per_address_and_day


def _mail_of(draft: Draft, token: str, settings: Settings, now: datetime) -> Mail:
    council, key = settings.council, settings.signing_key.read()
    letter = draft.kind == Kind.LETTER
    as_html = draft.kind in (Kind.LETTER, Kind.COPY)
    answering: Literal["auto-replied", "auto-generated"] = "auto-replied" if letter else "auto-generated"
    if draft.by_post:
        content = pdf(
            draft.subject,
            draft.text,
            council=council.name,
            address=draft.recipient,
            day=in_full(now.astimezone(council.zone).date()),
            now=now,
            large_print=draft.large_print,
        )
        return Mail(f"<{token}@{council.domain}>", "", draft.recipient, draft.subject, content, by_post=True)
    return compose(
        council=council,
        key=key,
        token=token,
        recipient=draft.recipient,
        subject=draft.subject,
        text=plain(draft.text),
        html=html_part(draft.subject, draft.text, large_print=draft.large_print) if as_html else "",
        now=now,
        automatic=None if draft.officer_id is not None else answering,
        reference=draft.reference,
        answers=draft.answers,
        thread=draft.thread,
    )


def _keep_version(session: Session, draft: Draft, now: datetime) -> None:
    if draft.version is not None:
        _insert_once(
            session,
            LetterVersion,
            "digest",
            digest=draft.version.digest,
            letter=draft.letter,
            source=draft.version.source,
            first_used_at=now,
        )


def _insert_once(session: Session, table: type[SQLModel], key: str, **values: object) -> Any:
    """Insert a row unless one with the same `key` is there; returns it, or None where one is."""
    statement = _insertion(session.get_bind().dialect.name, table, key)
    return session.scalars(statement, [values]).one_or_none()


@cache
def _insertion(dialect: str, table: type[SQLModel], key: str) -> Any:
    column = col(getattr(table, key))
    return insert_into(table, dialect).on_conflict_do_nothing(index_elements=[column]).returning(table)
