"""All that happened on a case, as one line of time: messages, letters and changes, the oldest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_
from sqlalchemy import case as sql_case
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from postroom.casework.history import words_of
from postroom.desk.reading import Shown, shown, words_of_ours
from postroom.models.case import Case, Event
from postroom.models.message import Attachment, Message, opening_first
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import OutgoingMail
from postroom.notifications.outbox import Kind

_BY_OFFICER = "officer:"
_SHOWN_OTHERWISE = ("opened", "message added")
"""Kinds of events beside which the message itself stands."""
_DELIVERY = "delivery"
"""It names the letter's template with what it does; the letter itself stands beside it."""


@dataclass(frozen=True)
class MessageOnPage:
    """A message with its attachments. `opening` says that it opened the case."""

    message: Message
    text: Shown
    attachments: tuple[Attachment, ...]
    opening: bool

    @property
    def at(self) -> datetime:
        return self.message.received_at


@dataclass(frozen=True)
class Letter:
    """A mail that was sent, or is to be sent, about the case. `words` is what a letter says; empty for one on paper,
    which is a PDF, and for what is no letter to somebody outside."""

    id: int
    kind: str
    recipient: str
    subject: str
    letter: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    by_post: bool
    last_error: str
    bounced_at: datetime | None
    bounce_kind: str
    bounce_reason: str
    words: str

    @property
    def at(self) -> datetime:
        return self.created_at


@dataclass(frozen=True)
class Change:
    """One event of the case's history; `who` is an officer's name, or ours where a worker did it; `words` is what they
    wrote with it."""

    at: datetime
    who: str
    kind: str
    summary: str
    words: str


Entry = MessageOnPage | Letter | Change


@dataclass(frozen=True)
class Timeline:
    """What happened on a case. `entries` begin with the message that opened it."""

    entries: tuple[Entry, ...]

    @property
    def messages(self) -> tuple[MessageOnPage, ...]:
        return tuple(entry for entry in self.entries if isinstance(entry, MessageOnPage))

    @property
    def documents(self) -> tuple[tuple[MessageOnPage, Attachment], ...]:
        """Each attachment with its message."""
        return tuple((part, attachment) for part in self.messages for attachment in part.attachments)

    @property
    def unread(self) -> tuple[MessageOnPage, ...]:
        """The messages that no officer has read."""
        return tuple(part for part in self.messages if part.message.to_read)


def timeline(session: Session, case: Case, first_id: int) -> Timeline:
    """The timeline of a case whose first message is `first_id`."""
    messages = _messages(session, case, first_id)
    opening = [part for part in messages if part.opening]
    since: list[Entry] = [part for part in messages if not part.opening]
    since += [*_changes(session, case), *letters(session, case)]
    return Timeline((*opening, *sorted(since, key=lambda entry: entry.at)))


def letters(session: Session, case: Case) -> tuple[Letter, ...]:
    """The mails about a case, the oldest first."""
    known: list[Any] = [getattr(OutgoingMail, name) for name in Letter.__dataclass_fields__ if name != "words"]
    written = and_(col(OutgoingMail.kind) == Kind.LETTER, ~col(OutgoingMail.by_post))
    content = sql_case((written, col(OutgoingMail.content)), else_=None)
    query = select_columns(*known, content).where(col(OutgoingMail.case_id) == case.id)
    found: Any = session.execute(query.order_by(col(OutgoingMail.id)))
    return tuple(Letter(*[*facts, words_of_ours(sent or b"")]) for *facts, sent in found)


def _messages(session: Session, case: Case, first_id: int) -> list[MessageOnPage]:
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
    return [
        MessageOnPage(
            message,
            shown(message.text, message.new_text),
            tuple(by_message.get(message.id or 0, ())),
            message.id == first_id,
        )
        for message in session.exec(query)
    ]


def _changes(session: Session, case: Case) -> list[Change]:
    query = select(Event).where(Event.case_id == case.id, col(Event.kind).not_in(_SHOWN_OTHERWISE))
    names = {f"{_BY_OFFICER}{id_}": name for id_, name in session.exec(select(Officer.id, Officer.name))}
    names["technician"] = "A technician"
    written = words_of(session, case)

    def change(event: Event) -> Change:
        words = written.get(event.number, "") if event.actor != _DELIVERY else ""
        return Change(event.at, names.get(event.actor, "Postroom"), event.kind, event.summary, words)

    return [change(event) for event in session.exec(query.order_by(col(Event.number)))]
