"""Messages as they lie in the tables once intake and triage have done their work."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.casework.opening import open_case
from postroom.models.database import open_session
from postroom.models.message import Attachment, Message, Suggestion
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.models.settings import Settings


@dataclass(frozen=True)
class Mailroom:
    """Puts messages, suggestions and letters into the database of one council."""

    engine: Engine
    settings: Settings

    def raw(
        self,
        now: datetime,
        *,
        sender: str = "Jo Park <jo@example.org>",
        subject: str = "Pothole on Mill Lane",
        text: str = "There is a pothole on Mill Lane.",
        state: FilingState = FilingState.ON_CASE,
        reason: str = "",
        held_because: str = "",
        proposed_case_id: int | None = None,
        duplicate_of_id: int | None = None,
        attachment: tuple[str, bytes] | None = None,
    ) -> int:
        """A message in the journal, filed as `state`; returns its id."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, "feedback@ardenshire.example", subject
        mail["Message-ID"] = f"<{uuid4()}@example.org>"
        mail.set_content(text)
        if attachment:
            name, data = attachment
            mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
        content = mail.as_bytes()
        digest = hashlib.sha256(content).hexdigest()
        with open_session(self.engine) as session:
            row = RawMessage(
                source="smtp",
                position=digest,
                channel="email",
                received_at=now,
                digest=digest,
                size=len(content),
                content=content,
            )
            session.add(row)
            session.flush()
            assert row.id is not None
            session.add(
                Filing(
                    raw_message_id=row.id,
                    state=state,
                    not_before=now,
                    reason=reason,
                    held_because=held_because,
                    proposed_case_id=proposed_case_id,
                    duplicate_of_id=duplicate_of_id,
                )
            )
            session.commit()
            return row.id

    def message(
        self,
        now: datetime,
        *,
        name: str = "Jo Park",
        email: str = "jo@example.org",
        subject: str = "Pothole on Mill Lane",
        text: str = "There is a pothole on Mill Lane.",
        quoted: str = "",
        machine: str = "none",
        attachment: tuple[str, bytes] | None = None,
        defects: tuple[str, ...] = (),
    ) -> Message:
        """A message on no case yet, as filing reads it from the journal."""
        raw_id = self.raw(now, sender="sender@example.org", subject="Raw", text=text + name, attachment=attachment)
        with open_session(self.engine) as session:
            message = Message(
                raw_message_id=raw_id,
                channel="email",
                received_at=now,
                sender_name=name,
                sender_email=email,
                recipients=["feedback@ardenshire.example"],
                subject=subject,
                text=f"{text}\n\n{quoted}" if quoted else text,
                new_text=text,
                message_id=f"{raw_id}@example.org",
                content_digest=str(raw_id),
                machine=machine,
                defects=list(defects),
            )
            session.add(message)
            session.flush()
            assert message.id is not None
            if attachment:
                session.add(
                    Attachment(
                        message_id=message.id,
                        position=0,
                        name=attachment[0],
                        content_type="application/octet-stream",
                        size=len(attachment[1]),
                        digest=hashlib.sha256(attachment[1]).hexdigest(),
                    )
                )
            session.commit()
            return message

    def case(self, now: datetime, suggested: dict[str, Any] | None = None, **message: Any) -> str:
        """A case that awaits confirmation, with a suggestion where one is given; returns its reference."""
        opening = self.message(now, **message)
        with open_session(self.engine) as session:
            session.add(opening)
            reference = open_case(session, opening, settings=self.settings, now=now).reference
            if suggested is not None:
                assert opening.id is not None
                session.add(Suggestion(message_id=opening.id, model="test", created_at=now, **suggested))
            session.commit()
        return reference

    def confirmed(self, now: datetime, labels: Labels, officer_id: int, **message: Any) -> str:
        """A case that an officer confirmed; returns its reference."""
        reference = self.case(now, **message)
        with open_session(self.engine) as session:
            case_id = self.case_id(reference)
            cases.confirm(session, case_id, labels, officer_id=officer_id, settings=self.settings, now=now)
            session.commit()
        return reference

    def case_id(self, reference: str) -> int:
        """Cases are numbered from 1 in an empty database, and so are their references."""
        return int(reference.rpartition("-")[2])

    def letter(
        self, now: datetime, reference: str = "", *, state: MailState = MailState.SENT, error: str = "", text: str = ""
    ) -> int:
        """A mail in the outbox, about a case or about none; returns its id."""
        mail = EmailMessage()
        mail["From"], mail["To"] = "Feedback team <feedback@ardenshire.example>", "jo@example.org"
        mail["Subject"] = f"We have your message {reference}".strip()
        mail.set_content(text or "Thank you for writing.\n\nWe answer by Wednesday 18 March 2026.")
        with open_session(self.engine) as session:
            row = OutgoingMail(
                once=f"letter:{reference}:{now.isoformat()}:{state}",
                kind="letter" if reference else "digest",
                case_id=self.case_id(reference) if reference else None,
                message_id=f"<{reference}.{now.timestamp()}.{state}@ardenshire.example>",
                envelope_sender="feedback@ardenshire.example",
                recipient="jo@example.org",
                subject=str(mail["Subject"]),
                content=mail.as_bytes(),
                created_at=now,
                not_before=now,
                state=state,
                last_error=error,
                sent_at=now if state == MailState.SENT else None,
            )
            session.add(row)
            session.commit()
            assert row.id is not None
            return row.id


CLOSING = {
    "outcome": "upheld",
    "cause": "delay_in_service",
    "remedies-apology": "yes",
    "lesson": "Not applicable.",
    "equality-age_band": "declined",
    "equality-ethnicity": "declined",
    "equality-disability": "not_applicable",
}
"""What the form of closing asks about a complaint."""

HIGHWAYS_REQUEST = {
    "type": "service_request",
    "type_probability": 0.97,
    "category": "fix_problem",
    "category_probability": 0.91,
    "team": "highways",
    "team_probability": 0.96,
    "exclusion": "none",
    "exclusion_probability": 0.99,
    "at_risk_probability": 0.02,
    "alternatives": {
        "type": [["service_request", 0.97], ["complaint", 0.02], ["enquiry", 0.01]],
        "team": [["highways", 0.96], ["traffic-parking", 0.03]],
    },
    "evidence": [{"text": "pothole", "supports": "service_request"}],
}

CHILDREN_COMPLAINT = {
    "type": "complaint",
    "type_probability": 0.88,
    "category": "communication",
    "category_probability": 0.64,
    "team": "childrens-nuneaton",
    "team_probability": 0.93,
    "exclusion": "none",
    "exclusion_probability": 0.99,
    "at_risk": True,
    "at_risk_probability": 0.81,
    "alternatives": {"type": [["complaint", 0.88], ["enquiry", 0.09]]},
    "evidence": [{"text": "nobody has called back", "supports": "complaint"}],
}
