"""Gives a suggestion to each message that awaits an officer. One message a step; any number of workers may run."""

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, exists, select

from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.message import Message, Suggestion
from postroom.models.settings import Settings
from postroom.triage.corpus import Text
from postroom.triage.suggesting import Suggested, Suggester

log = logging.getLogger(__name__)

NO_MODEL = ""
"""The version of a suggestion that none could make. The officer sees "no suggestion", and the message is left alone."""


def process_one(
    engine: Engine,
    settings: Settings,  # noqa: ARG001  every worker's step takes them
    suggester: Suggester,
    now: datetime,
) -> bool:
    """Suggest for the oldest message of a person, on a case that nobody confirmed, that has no suggestion yet.

    Returns whether there was one. No session is open while the model runs; of two workers on one message the unique
    key (message, model) lets one write.
    """
    message = _next(engine)
    if message is None:
        return False
    _write(engine, _suggestion(message, suggester, now))
    return True


def _next(engine: Engine) -> Message | None:
    with open_session(engine, read_only=True) as session:
        return session.exec(
            select(Message)
            .join(Case, col(Message.case_id) == col(Case.id))
            .where(col(Message.machine) == "none", col(Case.status) == CaseStatus.AWAITING)
            .where(~exists().where(col(Suggestion.message_id) == col(Message.id)))
            .order_by(col(Message.received_at), col(Message.id))
            .limit(1)
        ).first()


def _suggestion(message: Message, suggester: Suggester, now: datetime) -> Suggestion:
    assert message.id is not None
    try:
        suggested = suggester.suggest(_text(message))
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


def _write(engine: Engine, suggestion: Suggestion) -> None:
    with open_session(engine) as session:
        session.add(suggestion)
        try:
            session.commit()
        except IntegrityError:
            log.info("Message %s: another worker has suggested already", suggestion.message_id)
