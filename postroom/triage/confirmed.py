"""What officers confirmed, as examples. Read from the tables each time: a message that is erased teaches no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from postroom.models.case import Decision
from postroom.models.message import Message
from postroom.triage.corpus import Example, Labels, Text


@dataclass(frozen=True)
class Confirmed:
    """One message with the labels of the last decision about it."""

    example: Example
    decided_at: datetime


def text_of_message(message: Message) -> Text:
    """What a model reads of a message: its writer's own new words."""
    return Text(
        channel=message.channel,
        from_name=message.sender_name,
        from_email=message.sender_email,
        to=", ".join(message.recipients),
        subject=message.subject,
        body=message.new_text.strip() or message.text,
    )


def confirmed_messages(session: Session) -> list[Confirmed]:
    """Every message of a person that an officer decided about, in the order of the last decisions about them."""
    return [_confirmed(message, decision) for message, decision in session.execute(_last_decisions())]


def decided_after(session: Session, moment: datetime | None) -> bool:
    """Whether an officer has decided about a message since."""
    newest = session.execute(select(func.max(Decision.decided_at)).join(Message, _of_message)).scalar()
    return newest is not None and (moment is None or newest > moment)


def count_confirmed(session: Session) -> int:
    """How many messages `confirmed_messages` would give."""
    query = select(func.count(func.distinct(Decision.message_id))).join(Message, _of_message)
    return int(session.execute(query.where(_teaches)).scalar_one())


def labels_of_messages(session: Session, message_ids: Sequence[int]) -> dict[int, Labels]:
    """The labels of the last decision about each of these messages; those that are gone, or of which none is, lack."""
    query = _last_decisions().where(col(Message.id).in_(message_ids))
    return {message.id: _labels(decision) for message, decision in session.execute(query)}


_of_message = col(Decision.message_id) == col(Message.id)
_teaches = (col(Message.machine) == "none") & ((col(Message.subject) != "") | (col(Message.text) != ""))
"""A machine's message teaches nothing, nor does one whose words were erased."""


def _last_decisions() -> Select[Message, Decision]:
    last = select(func.max(Decision.id)).group_by(col(Decision.message_id))
    return (
        select(Message, Decision)
        .join(Decision, _of_message)
        .where(col(Decision.id).in_(last), _teaches)
        .order_by(col(Decision.decided_at), col(Decision.id))
    )


def _confirmed(message: Message, decision: Decision) -> Confirmed:
    example = Example(
        id=f"message {message.id}",
        text=text_of_message(message),
        labels=_labels(decision),
        writer=message.sender_email or f"writer of message {message.id}",
        theme=f"case {decision.case_id}",
    )
    return Confirmed(example, decision.decided_at)


def _labels(decision: Decision) -> Labels:
    return Labels(decision.type, decision.category, decision.team, decision.exclusion, decision.at_risk)
