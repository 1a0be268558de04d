"""Messages as they stand in the tables once they are received, filed and looked at by a model. No mail server is
asked."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from random import Random
from typing import Any

from sqlmodel import Session

from postroom.casework.labels import Labels
from postroom.casework.opening import add_message, open_cases
from postroom.models.message import Message, Suggestion
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.models.settings import Settings
from postroom.simulation.arrivals import Arrival, of_type
from postroom.simulation.rates import Rates

SOURCE = "simulation"
MODEL = "simulated"
ANSWER_ADDRESS = "the address that our letter asked to answer to"


@dataclass(frozen=True)
class Written:
    """What somebody wrote. `position` names it for ever."""

    position: str
    channel: str
    received_at: datetime
    name: str
    email: str
    subject: str
    body: str

    @property
    def message_id(self) -> str:
        return f"{self.position}@{SOURCE}.example"

    def as_mail(self) -> bytes:
        """As it would have come over the wire."""
        subject = " ".join(self.subject.split())
        return (
            f"From: {self.name} <{self.email}>\r\nSubject: {subject}\r\nMessage-ID: <{self.message_id}>\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{self.body}\r\n"
        ).encode()


def receive(
    session: Session, some: Sequence[Arrival], settings: Settings, rates: Rates, seed: int, now: datetime
) -> list[int]:
    """Open a case for each of `some`, with a suggestion; returns the cases' ids."""
    written = [
        Written(str(a.number), a.channel, a.received_at, a.resident.name, a.email, a.subject, a.body) for a in some
    ]
    messages = _store(session, written, settings, now)
    open_cases(session, messages, settings=settings, now=now)
    session.add_all(_suggestion(m, a, settings, rates, seed, now) for m, a in zip(messages, some, strict=True))
    session.flush()
    return [message.case_id for message in messages if message.case_id is not None]


def write_again(session: Session, arrival: Arrival, case_id: int, what: str, settings: Settings, now: datetime) -> None:
    """A further message of the person who wrote `arrival`, on its case."""
    a, position = arrival, f"{arrival.number}.{now:%Y%m%d%H%M}"
    written = Written(position, a.channel, now, a.resident.name, a.email, f"Re: {a.subject}", what)
    (message,) = _store(session, [written], settings, now)
    add_message(session, case_id, message, rule=ANSWER_ADDRESS, now=now)


def _store(session: Session, written: Sequence[Written], settings: Settings, now: datetime) -> list[Message]:
    raws = [_raw(each) for each in written]
    session.add_all(raws)
    session.flush()
    session.add_all(
        Filing(raw_message_id=raw.id or 0, state=FilingState.ON_CASE, not_before=now, ended_at=now) for raw in raws
    )
    messages = [_message(each, raw, settings) for each, raw in zip(written, raws, strict=True)]
    session.add_all(messages)
    session.flush()
    return messages


def _raw(written: Written) -> RawMessage:
    content = written.as_mail()
    return RawMessage(
        source=SOURCE,
        position=written.position,
        channel=written.channel,
        received_at=written.received_at,
        envelope_sender=written.email,
        digest=hashlib.sha256(content).hexdigest(),
        size=len(content),
        content=content,
    )


def _message(written: Written, raw: RawMessage, settings: Settings) -> Message:
    assert raw.id is not None
    return Message(
        raw_message_id=raw.id,
        channel=written.channel,
        received_at=written.received_at,
        sent_at=written.received_at,
        sender_name=written.name,
        sender_email=written.email,
        recipients=[settings.council.addresses.feedback] if written.channel == "email" else [],
        subject=written.subject,
        text=written.body,
        new_text=written.body,
        message_id=written.message_id,
        content_digest=raw.digest,
    )


def _suggestion(
    message: Message, arrival: Arrival, settings: Settings, rates: Rates, seed: int, now: datetime
) -> Suggestion:
    rng = Random(f"suggestion:{seed}:{arrival.number}")  # noqa: S311
    assert message.id is not None
    labels = suggested(arrival.labels, settings, rates, rng)
    sure: dict[str, Any] = {f"{name}_probability": round(rng.betavariate(8, 2), 4) for name in asdict(labels)}
    return Suggestion(message_id=message.id, model=MODEL, created_at=now, **asdict(labels), **sure)


def suggested(right: Labels, settings: Settings, rates: Rates, rng: Random) -> Labels:
    """What a model makes of a message: mostly what it is."""
    if rng.random() < rates.suggestion_right:
        team = right.team if rng.random() < rates.suggestion_right else rng.choice(list(settings.teams))
        return Labels(right.type, team, right.category, right.exclusion, right.at_risk)
    return of_type(settings, rng.choice(settings.feedback_types), right.team, rng)
