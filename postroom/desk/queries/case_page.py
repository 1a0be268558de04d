"""All that a case's page shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from postroom.casework.history import words_of
from postroom.desk.queries.sight import first_message_id, is_sealed, suggestion_id, team_now
from postroom.desk.reading import Shown, shown
from postroom.models.case import Case, Deadline, DeadlineState, Event
from postroom.models.failures import NotFound
from postroom.models.message import Attachment, Message, Suggestion, opening_first
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings

_BY_OFFICER = "officer:"


@dataclass(frozen=True)
class MessageOnPage:
    """A message with its attachments. `opening` says that it opened the case."""

    message: Message
    text: Shown
    attachments: tuple[Attachment, ...]
    opening: bool


@dataclass(frozen=True)
class Letter:
    """A mail that was sent, or is to be sent, about the case; without its content."""

    id: int
    recipient: str
    subject: str
    letter: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    last_error: str
    bounced_at: datetime | None
    bounce_kind: str
    bounce_reason: str


@dataclass(frozen=True)
class Change:
    """One event of the case's history; `who` is an officer's name or a worker's."""

    at: datetime
    who: str
    kind: str
    summary: str


@dataclass(frozen=True)
class CaseOnPage:
    """A case with everything around it. `team` is the suggested one until the case is confirmed."""

    case: Case
    sealed: bool
    team: str
    messages: tuple[MessageOnPage, ...]
    suggestion: Suggestion | None
    deadlines: tuple[Deadline, ...]
    letters: tuple[Letter, ...]
    history: tuple[Change, ...]
    merged_into: str
    merged_with: tuple[str, ...]

    @property
    def unread(self) -> int:
        """How many of its messages no officer has read."""
        return sum(part.message.to_read for part in self.messages)

    @property
    def next_deadline(self) -> Deadline | None:
        """The open deadline that ends first."""
        still_open = [deadline for deadline in self.deadlines if deadline.state == DeadlineState.OPEN]
        return min(still_open, key=lambda deadline: deadline.due_on, default=None)


def case_on_page(session: Session, reference: str, settings: Settings) -> CaseOnPage:
    """The case called `reference`. Whether somebody may see it was settled before. Raises `NotFound`."""
    found = session.execute(
        select_columns(Case, is_sealed(settings), team_now, first_message_id, suggestion_id).where(
            col(Case.reference) == reference
        )
    ).first()
    if found is None:
        raise NotFound(f"There is no case {reference}.")
    case, sealed, team, first_id, newest_suggestion = found
    return CaseOnPage(
        case=case,
        sealed=bool(sealed),
        team=team,
        messages=_messages(session, case, first_id),
        suggestion=session.get(Suggestion, newest_suggestion) if newest_suggestion is not None else None,
        deadlines=_deadlines(session, case),
        letters=letters(session, case),
        history=_history(session, case),
        merged_into=session.exec(select(Case.reference).where(Case.id == case.merged_into_id)).first() or "",
        merged_with=tuple(
            session.exec(select(Case.reference).where(Case.merged_into_id == case.id).order_by(col(Case.id)))
        ),
    )


def letters(session: Session, case: Case) -> tuple[Letter, ...]:
    """The mails about a case, the newest first."""
    columns: list[Any] = [getattr(OutgoingMail, name) for name in Letter.__dataclass_fields__]
    query = select_columns(*columns).where(col(OutgoingMail.case_id) == case.id).order_by(col(OutgoingMail.id).desc())
    return tuple(Letter(*row) for row in session.execute(query))


def _messages(session: Session, case: Case, first_id: int) -> tuple[MessageOnPage, ...]:
    """The opening message first, then the others as they came."""
    by_message: dict[int, list[Attachment]] = {}
    attachments = (
        select(Attachment)
        .join(Message, col(Message.id) == Attachment.message_id)
        .where(Message.case_id == case.id)
        .order_by(col(Attachment.message_id), col(Attachment.position))
    )
    for attachment in session.exec(attachments):
        by_message.setdefault(attachment.message_id, []).append(attachment)
    query = select(Message).where(Message.case_id == case.id).order_by(*opening_first())
    return tuple(
        MessageOnPage(
            message,
            shown(message.text, message.new_text),
            tuple(by_message.get(message.id or 0, ())),
            message.id == first_id,
        )
        for message in session.exec(query)
    )


def _deadlines(session: Session, case: Case) -> tuple[Deadline, ...]:
    query = select(Deadline).where(Deadline.case_id == case.id)
    return tuple(session.exec(query.order_by(col(Deadline.due_on), col(Deadline.id))))


def _history(session: Session, case: Case) -> tuple[Change, ...]:
    """The newest change first."""
    events = session.exec(select(Event).where(Event.case_id == case.id).order_by(col(Event.number).desc())).all()
    names = {f"{_BY_OFFICER}{id_}": name for id_, name in session.exec(select(Officer.id, Officer.name))}
    written = words_of(session, case)
    return tuple(
        Change(
            event.at,
            names.get(event.actor, event.actor),
            event.kind,
            ": ".join(filter(None, (event.summary, written.get(event.number, "")))),
        )
        for event in events
    )
