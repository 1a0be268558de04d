"""A council's mail and what its officers decided, in the tables."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session, col, delete, select

from postroom.models.case import Case, CaseStatus, Decision
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.models.officer import Officer, Role
from postroom.models.raw_message import RawMessage
from postroom.triage.corpus import Example, Labels


@dataclass
class Office:
    """Puts messages on cases of their own, and decides about them."""

    engine: Engine
    officer_id: int = field(init=False)

    def __post_init__(self) -> None:
        with open_session(self.engine) as session:
            officer = Officer(
                email="ann@ardenshire.example",
                name="Ann",
                role=Role.OFFICER,
                password_hash="",
                created_at=datetime.fromisoformat("2026-01-01T00:00:00+00:00"),
            )
            session.add(officer)
            session.commit()
            assert officer.id is not None
            self.officer_id = officer.id

    def message(self, example: Example, at: datetime, session: Session | None = None) -> int:
        """A message that awaits an officer; returns its id."""
        if session is None:
            with open_session(self.engine) as own:
                id_ = self.message(example, at, own)
                own.commit()
                return id_
        number = len(session.exec(select(RawMessage.id)).all()) + 1
        text = example.text
        raw = RawMessage(
            source="smtp", position=str(number), channel="email", received_at=at, digest="", size=0, content=b""
        )
        case = Case(reference=f"AR-2026-{number:06}", channel="email", received_at=at)
        session.add_all([raw, case])
        session.flush()
        message = Message(
            raw_message_id=raw.id or 0,
            case_id=case.id,
            channel=text.channel,
            received_at=at,
            sender_name=text.from_name,
            sender_email=text.from_email,
            subject=text.subject,
            text=text.body,
            new_text=text.body,
            message_id=str(number),
            content_digest="",
        )
        session.add(message)
        session.flush()
        assert message.id is not None
        return message.id

    def decide(self, message_id: int, labels: Labels, at: datetime, **columns: Any) -> None:
        with open_session(self.engine) as session:
            self._decide(session, message_id, labels, at, **columns)
            session.commit()

    def confirm(self, examples: list[Example], at: datetime) -> list[int]:
        """Each came in and was confirmed as it is labelled, in this order, all in one moment; returns their ids."""
        ids = []
        with open_session(self.engine) as session:
            for example in examples:
                ids.append(self.message(example, at, session))
                self._decide(session, ids[-1], example.labels, at)
            session.commit()
        return ids

    def suggestion(self, message_id: int, labels: Labels, at: datetime, model: str) -> int:
        with open_session(self.engine) as session:
            given = replace(labels).__dict__
            suggestion = Suggestion(message_id=message_id, model=model, created_at=at, **given)
            session.add(suggestion)
            session.commit()
            assert suggestion.id is not None
            return suggestion.id

    def erase(self, sender_email: str) -> None:
        """Everything that one person wrote is deleted."""
        with open_session(self.engine) as session:
            ids = list(session.exec(select(Message.id).where(Message.sender_email == sender_email)))
            for table in (Decision, Suggestion):
                session.exec(delete(table).where(col(table.message_id).in_(ids)))
            session.exec(delete(Message).where(col(Message.id).in_(ids)))
            session.commit()

    def _decide(self, session: Session, message_id: int, labels: Labels, at: datetime, **columns: Any) -> None:
        message = session.get_one(Message, message_id)
        case = session.get_one(Case, message.case_id)
        case.status, case.type, case.team = CaseStatus.OPEN, labels.type, labels.team
        session.add(case)
        session.add(
            Decision(
                case_id=case.id or 0,
                message_id=message_id,
                officer_id=self.officer_id,
                decided_at=at,
                **{**labels.__dict__, **columns},
            )
        )
        session.flush()
