"""The duty officer's alerts: one for each message that seems to be about somebody at risk, and one for each time that
an officer says so of a case."""

import logging
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Engine, String, bindparam, cast, func, literal, or_
from sqlmodel import col, select

from postroom.models.case import Case, Decision
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

WITHIN = timedelta(days=7)
"""What an officer said longer ago is not told of any more, as where there was no duty address."""


def write_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Write one alert that is owed. False where none is."""
    if settings.council.addresses.duty is None:
        return False
    marked = one_by_one(engine, _marked(), since=now - WITHIN)
    return any(_about_message(engine, settings, id_, now) for id_ in one_by_one(engine, _suggested())) or any(
        _about_case(engine, settings, id_, now) for id_ in marked
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
def _mark() -> Any:
    """The decision by which a case counts as at risk: the first after those that said otherwise."""
    otherwise = select(func.max(Decision.id)).where(Decision.case_id == Case.id, col(Decision.at_risk).is_(False))
    return (
        select(func.min(Decision.id))
        .where(
            Decision.case_id == Case.id,
            col(Decision.at_risk),
            col(Decision.id) > func.coalesce(otherwise.correlate(Case).scalar_subquery(), 0),
        )
        .correlate(Case)
        .scalar_subquery()
    )


@cache
def _marked() -> Any:
    """The first case after `after` that an officer has said since `since` is at risk, and of which nobody was told."""
    case_id, decision_id = (cast(col(each), String) for each in (Case.id, Decision.id))
    once = literal("alert:").concat(case_id).concat(":").concat(decision_id)
    told = select(OutgoingMail.id).where(OutgoingMail.once == once)
    return (
        select(Case.id)
        .join(Decision, col(Decision.id) == _mark())
        .where(
            col(Case.at_risk),
            col(Decision.decided_at) > bindparam("since"),
            ~told.exists(),
            col(Case.id) > bindparam("after"),
        )
        .order_by(col(Case.id))
        .limit(1)
    )


def _about_case(engine: Engine, settings: Settings, case_id: int, now: datetime) -> bool:
    with open_session(engine, read_only=True) as session:
        mark = session.exec(select(_mark()).where(Case.id == case_id)).first()
    return _write(engine, settings, RiskFacts(case_id, decision_id=mark), now)


def _about_message(engine: Engine, settings: Settings, message_id: int, now: datetime) -> bool:
    with open_session(engine, read_only=True) as session:
        message = session.get_one(Message, message_id)
    assert message.case_id is not None
    return _write(engine, settings, RiskFacts(message.case_id, message_id), now)


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
