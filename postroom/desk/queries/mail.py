"""Mail beside the cases: what machines sent, what is in the outbox."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, case, func, or_, select
from sqlmodel import Session, col

from postroom.desk.queries.holding_pen import PREVIEW_BYTES, PREVIEW_LETTERS
from postroom.desk.queries.pages import Paged, page_of
from postroom.desk.queries.sight import is_sealed, may_see
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import NotFound
from postroom.models.message import Message
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.models.settings import Settings
from postroom.notifications.follow_codes import FOLLOW_CODE
from postroom.notifications.outbox import Kind

_FOR_ONE = (Kind.ACCOUNT, Kind.DIGEST)


@dataclass(frozen=True)
class FromMachine:
    """Mail from a machine, and spam. `reference` is empty where it belongs to no case, `decided_by` where Postroom
    itself took it for what it is. Sender, subject and preview are empty where it is on a sealed case: those are read
    there, where that is recorded."""

    raw_message_id: int
    machine: str
    why_not: str
    sender: str
    subject: str
    received_at: datetime
    reference: str
    message_id: int | None
    preview: str
    decided_by: str
    sealed: bool


@dataclass(frozen=True)
class InOutbox:
    """A mail of ours. Recipient, subject and reference are empty where it is about a case that the visitor may not
    see, or holds the code with which a resident follows theirs (`hidden`)."""

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
    bounced_at: datetime | None
    bounce_kind: str
    bounce_reason: str
    hidden: bool


@dataclass(frozen=True)
class MailText:
    """One mail as its reader sees it. A letter on paper has no text here: `paper` is its PDF. What is for one officer's
    eyes, a link to choose a password or what their cases wait for, is not told."""

    id: int
    state: str
    sender: str
    recipient: str
    subject: str
    text: str
    created_at: datetime
    sent_at: datetime | None
    last_error: str
    paper: bytes = b""


def from_machines(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[FromMachine]:
    """Mail from machines, the newest first, without that on cases which the visitor may not see."""
    unread = col(Message.id).is_(None)
    columns: list[Any] = [
        col(RawMessage.id),
        func.coalesce(Message.machine, "bulk"),
        func.coalesce(func.nullif(Message.why_not, ""), Filing.reason),
        _unless_sealed(func.coalesce(func.nullif(Message.sender_name, ""), Message.sender_email), settings),
        _unless_sealed(Message.subject, settings),
        col(RawMessage.received_at),
        func.coalesce(Case.reference, ""),
        col(Message.id),
        _unless_sealed(func.substr(Message.text, 1, PREVIEW_LETTERS), settings),
        func.coalesce(Officer.name, ""),
        func.coalesce(is_sealed(settings), False),
        case((unread, func.substr(RawMessage.content, 1, PREVIEW_BYTES)), else_=None),
    ]
    query = (
        select(*columns)
        .select_from(Filing)
        .join(RawMessage, col(RawMessage.id) == Filing.raw_message_id)
        .outerjoin(Message, col(Message.raw_message_id) == Filing.raw_message_id)
        .outerjoin(Case, col(Case.id) == Message.case_id)
        .outerjoin(Officer, col(Officer.id) == Filing.decided_by)
        .where(
            or_(col(Filing.state) == FilingState.MACHINE, func.coalesce(Message.machine, "none") != "none"),
            or_(col(Case.id).is_(None), may_see(visitor, settings)),
        )
        .order_by(col(RawMessage.received_at).desc(), col(RawMessage.id).desc())
    )
    with open_session(engine, read_only=True) as session:
        found = page_of(session, query, number)
    return Paged([_from_machine(*row) for row in found.rows], found.number, found.total)


def _unless_sealed(column: Any, settings: Settings) -> Any:
    return case((is_sealed(settings), ""), else_=func.coalesce(column, ""))


def _from_machine(*row: Any) -> FromMachine:
    """One row; what was set aside before it was understood is read now."""
    *known, content = row
    found = FromMachine(*known)
    if content is None:
        return found
    from postroom.intake.parse import parse  # slow to load

    parsed = parse(bytes(content))
    sender, preview = parsed.sender.name or parsed.sender.email, parsed.text[:PREVIEW_LETTERS]
    return replace(found, sender=sender, subject=parsed.subject, preview=preview)


def outbox(engine: Engine, visitor: SignedIn, settings: Settings, number: int) -> Paged[InOutbox]:
    """The outbox: what could not be delivered, what waits, then what was sent, the newest first."""
    visible = and_(col(OutgoingMail.letter) != FOLLOW_CODE, or_(col(Case.id).is_(None), may_see(visitor, settings)))
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
            col(OutgoingMail.bounced_at),
            col(OutgoingMail.bounce_kind),
            unless_hidden(OutgoingMail.bounce_reason),
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
    """A mail that is about no single case, such as a digest of reminders. Raises `NotFound`, also where it holds the
    code with which a resident follows their case: whoever reads it could do so too."""
    query = select(OutgoingMail).where(col(OutgoingMail.id) == mail_id, col(OutgoingMail.case_id).is_(None))
    return _mail_text(session, query.where(col(OutgoingMail.letter) != FOLLOW_CODE))


def _mail_text(session: Session, query: Any) -> MailText:
    mail: OutgoingMail | None = session.execute(query).scalars().first()
    if mail is None or mail.id is None:
        raise NotFound("There is no such mail.")
    from postroom.intake.parse import parse  # slow to load

    parsed = parse(b"" if mail.by_post else mail.content)
    return MailText(
        id=mail.id,
        state=mail.state,
        paper=mail.content if mail.by_post else b"",
        sender=f"{parsed.sender.name} <{parsed.sender.email}>" if parsed.sender.name else parsed.sender.email,
        recipient=mail.recipient,
        subject=mail.subject,
        text=parsed.text if mail.kind not in _FOR_ONE else "What this mail says is for its recipient alone.",
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        last_error=mail.last_error,
    )
