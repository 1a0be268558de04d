"""Mail beside the cases: what the holding pen keeps, what machines sent, what is in the outbox."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, case, func, or_, select
from sqlmodel import Session, col

from postroom.desk.queries.pages import Paged, page_of
from postroom.desk.queries.sight import is_sealed, may_see
from postroom.desk.sessions import SignedIn
from postroom.intake.parse import parse
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import NotFound
from postroom.models.message import Message
from postroom.models.officer import Role
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.models.settings import Settings

PREVIEW_LETTERS = 600
PREVIEW_BYTES = 200_000
"""How much of a held mail is read for its preview; an attachment behind it does not matter."""


@dataclass(frozen=True)
class Held:
    """A message in the holding pen. `withheld`: perhaps of a sealed case, which no administrator reads."""

    raw_message_id: int
    received_at: datetime
    reason: str
    size: int
    proposed: str
    withheld: bool
    subject: str = ""
    sender_name: str = ""
    sender_email: str = ""
    preview: str = ""


@dataclass(frozen=True)
class FromMachine:
    """Mail from a machine. `reference` is empty where it belongs to no case."""

    machine: str
    why_not: str
    sender: str
    subject: str
    received_at: datetime
    reference: str
    preview: str


@dataclass(frozen=True)
class InOutbox:
    """A mail of ours. Recipient, subject and reference are empty where it is about a case that the visitor may not
    see (`hidden`)."""

    id: int
    kind: str
    state: str
    attempts: int
    not_before: datetime
    last_error: str
    created_at: datetime
    sent_at: datetime | None
    recipient: str
    subject: str
    reference: str
    hidden: bool


@dataclass(frozen=True)
class MailText:
    """One mail as its reader sees it."""

    id: int
    state: str
    sender: str
    recipient: str
    subject: str
    text: str
    created_at: datetime
    sent_at: datetime | None
    last_error: str


def held(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[Held]:
    """The holding pen, the oldest first."""
    query = _held_query(settings).order_by(col(RawMessage.received_at), col(RawMessage.id))
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number)
    return Paged([_held(row, visitor) for row in found.rows], found.number, found.total)


def held_message(engine: Engine, raw_message_id: int, visitor: SignedIn, settings: Settings) -> Held | None:
    """One message of the holding pen; None where it is not there, or no longer."""
    with open_session(engine, read_only=True) as session:
        row = session.execute(_held_query(settings).where(col(RawMessage.id) == raw_message_id)).first()
    return _held(row, visitor) if row is not None else None


def from_machines(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[FromMachine]:
    """Mail from machines, the newest first, without that on cases which the visitor may not see."""
    query = (
        select(
            col(Message.machine),
            col(Message.why_not),
            func.coalesce(func.nullif(Message.sender_name, ""), Message.sender_email),
            col(Message.subject),
            col(Message.received_at),
            func.coalesce(Case.reference, ""),
            func.substr(Message.text, 1, PREVIEW_LETTERS),
        )
        .outerjoin_from(Message, Case, col(Case.id) == Message.case_id)
        .where(col(Message.machine) != "none", or_(col(Case.id).is_(None), may_see(visitor, settings)))
        .order_by(col(Message.received_at).desc(), col(Message.id).desc())
    )
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number)
    return Paged([FromMachine(*row) for row in found.rows], found.number, found.total)


def outbox(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[InOutbox]:
    """The outbox: what could not be delivered, what waits, then what was sent, the newest first."""
    visible = or_(col(Case.id).is_(None), may_see(visitor, settings))
    order = case(
        (col(OutgoingMail.state) == MailState.DEAD, 0), (col(OutgoingMail.state) == MailState.WAITING, 1), else_=2
    )

    def unless_hidden(column: Any) -> Any:
        return case((visible, func.coalesce(column, "")), else_="")

    query = (
        select(
            col(OutgoingMail.id),
            col(OutgoingMail.kind),
            col(OutgoingMail.state),
            col(OutgoingMail.attempts),
            col(OutgoingMail.not_before),
            unless_hidden(OutgoingMail.last_error),
            col(OutgoingMail.created_at),
            col(OutgoingMail.sent_at),
            unless_hidden(OutgoingMail.recipient),
            unless_hidden(OutgoingMail.subject),
            unless_hidden(Case.reference),
            ~func.coalesce(visible, False),
        )
        .outerjoin_from(OutgoingMail, Case, col(Case.id) == OutgoingMail.case_id)
        .order_by(order, col(OutgoingMail.created_at).desc(), col(OutgoingMail.id).desc())
    )
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number)
    return Paged([InOutbox(*row) for row in found.rows], found.number, found.total)


def letter_of_case(session: Session, mail_id: int, reference: str) -> MailText:
    """A mail about the case called `reference`. Raises `NotFound`, also where it is about another."""
    query = select(OutgoingMail).join(Case, col(Case.id) == OutgoingMail.case_id)
    return _mail_text(session, query.where(col(OutgoingMail.id) == mail_id, col(Case.reference) == reference))


def mail_of_no_case(session: Session, mail_id: int) -> MailText:
    """A mail that is about no single case, such as a digest of reminders. Raises `NotFound`."""
    query = select(OutgoingMail).where(col(OutgoingMail.id) == mail_id, col(OutgoingMail.case_id).is_(None))
    return _mail_text(session, query)


def _held_query(settings: Settings) -> Select[Any]:
    return (
        select(
            col(RawMessage.id),
            col(RawMessage.received_at),
            col(Filing.reason),
            col(RawMessage.size),
            func.coalesce(Case.reference, ""),
            func.coalesce(is_sealed(settings), False),
            func.substr(RawMessage.content, 1, PREVIEW_BYTES),
        )
        .select_from(Filing)
        .join(RawMessage, col(RawMessage.id) == Filing.raw_message_id)
        .outerjoin(Case, col(Case.id) == Filing.proposed_case_id)
        .where(col(Filing.state) == FilingState.HELD)
    )


def _mail_text(session: Session, query: Any) -> MailText:
    mail: OutgoingMail | None = session.execute(query).scalars().first()
    if mail is None or mail.id is None:
        raise NotFound("There is no such mail.")
    parsed = parse(mail.content)
    return MailText(
        id=mail.id,
        state=mail.state,
        sender=f"{parsed.sender.name} <{parsed.sender.email}>" if parsed.sender.name else parsed.sender.email,
        recipient=mail.recipient,
        subject=mail.subject,
        text=parsed.text,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        last_error=mail.last_error,
    )


def _held(row: Any, visitor: SignedIn) -> Held:
    raw_message_id, received_at, reason, size, proposed, sealed, content = row
    if sealed and visitor.role == Role.ADMINISTRATOR:
        return Held(raw_message_id, received_at, reason, size, proposed="", withheld=True)
    parsed = parse(bytes(content))
    return Held(
        raw_message_id,
        received_at,
        reason,
        size,
        proposed,
        withheld=False,
        subject=parsed.subject,
        sender_name=parsed.sender.name,
        sender_email=parsed.sender.email,
        preview=parsed.text[:PREVIEW_LETTERS],
    )
