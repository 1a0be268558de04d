"""The duty officer's alerts: one for each message that seems to be about somebody at risk."""

import logging
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Engine, String, bindparam, cast, literal, or_
from sqlmodel import col, select

from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import ConfigurationError
from postroom.models.message import Message, Suggestion
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications import letters
from postroom.notifications.outbox import Draft, Kind, post
from postroom.notifications.owed import ALERT, AlertOwed, RiskFacts, alert_owed
from postroom.notifications.walking import locked, one_by_one

log = logging.getLogger(__name__)


def write_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Write one alert that is owed. False where none is."""
    if settings.council.addresses.duty is None:
        return False
    return any(_about_message(engine, settings, id_, now) for id_ in one_by_one(engine, _suggested())) or any(
        _write(engine, settings, RiskFacts(id_, None, confirmed=True), now) for id_ in one_by_one(engine, _confirmed())
    )


@cache
def _suggested() -> Any:
    """The first message after `after` that a model thinks is about somebody at risk, that no officer has judged yet,
    and of which nobody was told. An old message suggested again by a new model is one that an officer has judged."""
    told = select(OutgoingMail.id).where(
        OutgoingMail.once == literal("alert:message:").concat(cast(col(Message.id), String))
    )
    return (
        select(Message.id)
        .join(Suggestion, col(Suggestion.message_id) == Message.id)
        .join(Case, col(Case.id) == Message.case_id)
        .where(
            col(Suggestion.at_risk),
            or_(col(Case.confirmed_at).is_(None), col(Message.received_at) > col(Case.confirmed_at)),
            ~told.exists(),
            col(Message.id) > bindparam("after"),
        )
        .order_by(col(Message.id))
        .limit(1)
    )


@cache
def _confirmed() -> Any:
    """The first case after `after` that an officer says is at risk, and about which nobody was told."""
    told = select(OutgoingMail.id).where(OutgoingMail.case_id == Case.id, OutgoingMail.kind == Kind.ALERT)
    return (
        select(Case.id)
        .where(col(Case.at_risk), ~told.exists(), col(Case.id) > bindparam("after"))
        .order_by(col(Case.id))
        .limit(1)
    )


def _about_message(engine: Engine, settings: Settings, message_id: int, now: datetime) -> bool:
    with open_session(engine, read_only=True) as session:
        message = session.get_one(Message, message_id)
    assert message.case_id is not None
    return _write(engine, settings, RiskFacts(message.case_id, message_id, confirmed=False), now)


def _write(engine: Engine, settings: Settings, facts: RiskFacts, now: datetime) -> bool:
    with open_session(engine) as session:
        found = locked(session, facts.case_id)
        owed = alert_owed(facts, settings)
        if not isinstance(owed, AlertOwed):
            return False
        link = f"{settings.desk.public_url}/cases/{found.reference}"
        try:
            letter = letters.render(settings, ALERT, letters.AlertFacts(found.reference, link))
        except ConfigurationError as error:
            log.error("%s: the alert to the duty officer waits; %s", found.reference, error)
            return False
        draft = Draft(
            once=owed.once,
            kind=Kind.ALERT,
            recipient=owed.recipient,
            subject=letter.subject,
            text=letter.text,
            letter=ALERT,
            version=letter.version,
            case_id=owed.case_id,
            reference=found.reference,
        )
        posted = post(session, draft, settings=settings, now=now)
        session.commit()
    return posted is not None
