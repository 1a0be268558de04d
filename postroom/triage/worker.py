"""Gives a suggestion to each message that awaits an officer. A few messages a step; any number of workers may run."""

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import col, exists, select

from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.models.settings import Settings
from postroom.triage.corpus import Text
from postroom.triage.language import may_be_english
from postroom.triage.suggesting import Suggested, Suggester

log = logging.getLogger(__name__)

BATCH = 20
"""Messages that share a commit; the first of them waits for the last."""
NO_MODEL = ""
"""The version of a suggestion that none could make. The officer sees "no suggestion", and the message is left alone."""
NOT_ENGLISH = {"text": "seems not to be written in English", "supports": "language"}
"""What stands as evidence where a message gets no suggestion for its language."""


def process_one(
    engine: Engine,
    settings: Settings,  # noqa: ARG001  every worker's step takes them
    suggester: Suggester,
    now: datetime,
) -> bool:
    """Suggest for the oldest messages of people, on cases that nobody confirmed, that have no suggestion yet: up to
    `BATCH` of them, written with one commit.

    Returns whether there was one. No session is open while the model runs; of two workers on one message the unique
    key (message, model) lets one write.
    """
    messages = _next(engine)
    if messages:
        _write(engine, [_suggestion(message, suggester, now) for message in messages])
    return bool(messages)


def _next(engine: Engine) -> list[Message]:
    with open_session(engine, read_only=True) as session:
        return list(
            session.exec(
                select(Message)
                .join(Case, col(Message.case_id) == col(Case.id))
                .where(col(Message.machine) == "none", col(Case.status) == CaseStatus.AWAITING)
                .where(~exists().where(col(Suggestion.message_id) == col(Message.id)))
                .order_by(col(Message.received_at), col(Message.id))
                .limit(BATCH)
            )
        )


def _suggestion(message: Message, suggester: Suggester, now: datetime) -> Suggestion:
    assert message.id is not None
    text = _text(message)
    if not may_be_english(text.body):
        return Suggestion(message_id=message.id, model=NO_MODEL, created_at=now, evidence=[NOT_ENGLISH])
    try:
        suggested = suggester.suggest(text)
    except Exception:
        log.exception("Message %s: the model failed; the officer sees no suggestion", message.id)
        return Suggestion(message_id=message.id, model=NO_MODEL, created_at=now)
    return Suggestion(message_id=message.id, model=suggested.model, created_at=now, **_columns(suggested))


def _text(message: Message) -> Text:
    return Text(
        channel=message.channel,
        from_name=message.sender_name,
        from_email=message.sender_email,
        to=", ".join(message.recipients),
        subject=message.subject,
        body=message.new_text.strip() or message.text,
    )


def _columns(suggested: Suggested) -> dict[str, Any]:
    plain = suggested.as_json()
    targets = ("type", "category", "team", "exclusion")
    return {
        **{target: plain[target]["label"] for target in (*targets, "at_risk")},
        **{f"{target}_probability": plain[target]["probability"] for target in (*targets, "at_risk")},
        "alternatives": {target: plain[target]["alternatives"] for target in targets},
        "evidence": plain["evidence"],
    }


def _write(engine: Engine, suggestions: list[Suggestion]) -> None:
    insert = postgresql_insert if engine.dialect.name == "postgresql" else sqlite_insert
    statement = insert(Suggestion).on_conflict_do_nothing(
        index_elements=[col(Suggestion.message_id), col(Suggestion.model)]
    )
    with engine.begin() as connection:
        connection.execute(statement, [suggestion.model_dump(exclude={"id"}) for suggestion in suggestions])
