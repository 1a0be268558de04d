"""The worker that writes what cases owe: the duty officer's alerts, then the letters that acknowledge or signpost.

It keeps no notes of its own. What is owed follows from the case, what was written stands in the outbox, and both are
read and written in one transaction: killed at any point, it goes on where it was.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, case, literal, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from postroom.casework.deadlines import steps_now
from postroom.casework.procedures import stage_named
from postroom.casework.reading import first_message
from postroom.casework.working_days import calendar_of
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.failures import ConfigurationError, Permanent
from postroom.models.message import Message, Suggestion, opening_first
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import NO_EXCLUSION, Settings
from postroom.notifications import letters
from postroom.notifications.envelopes import one_line
from postroom.notifications.outbox import Draft, Kind, has_room, post
from postroom.notifications.owed import (
    ALERT,
    SIGNPOST,
    AlertOwed,
    CaseFacts,
    LetterOwed,
    RiskFacts,
    alert_owed,
    letter_owed,
)

log = logging.getLogger(__name__)


def process_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Write one alert or letter that is owed. False where nothing more can be written now.

    A letter over the day's number for its address, or one whose template is broken, is passed over and found again by
    every later call.
    """
    return any(_write_alert(engine, settings, id_, now) for id_ in _ids(engine, settings, _at_risk)) or any(
        _write_letter(engine, settings, id_, now) for id_ in _ids(engine, settings, _unacknowledged)
    )


def _ids(engine: Engine, settings: Settings, query: Callable[[Settings, int], Any]) -> Iterator[int]:
    """The cases that a query finds, one by one, each read after the work on the one before is committed."""
    case_id: int | None = 0
    while case_id is not None:
        with open_session(engine, read_only=True) as session:
            case_id = session.exec(query(settings, case_id)).first()
        if case_id is not None:
            yield case_id


def _unacknowledged(settings: Settings, after: int) -> Any:
    """The first open case after `after` that may owe a letter and has none; `letter_owed` decides."""
    acknowledgements = {id_: procedure.acknowledgement for id_, procedure in settings.procedures.items()}
    letter = case(
        (col(Case.exclusion) != NO_EXCLUSION, SIGNPOST),
        else_=case(acknowledgements, value=col(Case.procedure), else_=""),
    )
    written = select(OutgoingMail.id).where(
        OutgoingMail.case_id == Case.id,
        OutgoingMail.kind == Kind.LETTER,
        OutgoingMail.stage == Case.stage,
        col(OutgoingMail.letter) == letter,
    )
    earliest = aliased(Message)
    first = select(earliest.id).where(earliest.case_id == Case.id).order_by(*opening_first(earliest)).limit(1)
    return (
        select(Case.id)
        .join(Message, col(Message.id) == first.correlate(Case).scalar_subquery())
        .where(
            Case.status == CaseStatus.OPEN,
            col(Case.acknowledged_at).is_(None),
            col(Message.may_answer).is_(True),
            Message.sender_email != "",
            ~written.exists(),
            col(Case.id) > after,
        )
        .order_by(col(Case.id))
        .limit(1)
    )


def _at_risk(settings: Settings, after: int) -> Any:
    """The first case after `after` with somebody at risk and no alert yet; none where there is nobody to be told."""
    alerted = select(OutgoingMail.id).where(OutgoingMail.case_id == Case.id, OutgoingMail.kind == Kind.ALERT)
    return (
        select(Case.id)
        .where(
            literal(settings.council.addresses.duty is not None),
            or_(col(Case.at_risk), col(Case.id).in_(_suggested())),
            ~alerted.exists(),
            col(Case.id) > after,
        )
        .order_by(col(Case.id))
        .limit(1)
    )


def _suggested() -> Any:
    """Cases with a message that a model thinks is about somebody at risk and that no officer has judged yet. An old
    message suggested again by a new model is one that an officer has judged."""
    judged = aliased(Case)
    return (
        select(Message.case_id)
        .join(Suggestion, col(Suggestion.message_id) == Message.id)
        .join(judged, col(judged.id) == Message.case_id)
        .where(
            col(Suggestion.at_risk),
            or_(col(judged.confirmed_at).is_(None), col(Message.received_at) > col(judged.confirmed_at)),
        )
    )


def _locked(session: Session, case_id: int) -> Case:
    """The case, which nobody can change until this transaction ends."""
    return session.exec(select(Case).where(Case.id == case_id).with_for_update()).one()


def _write_letter(engine: Engine, settings: Settings, case_id: int, now: datetime) -> bool:
    with open_session(engine) as session:
        found = _locked(session, case_id)
        message = first_message(session, found)
        owed = letter_owed(_facts(found, message), settings)
        if not isinstance(owed, LetterOwed):
            return False
        if not has_room(session, owed.recipient, settings=settings, now=now):
            log.warning("%s: its letter waits; the day's letters to its address are written", found.reference)
            return False
        try:
            letter = letters.write(settings, owed.letter, _letter_facts(session, found, settings, now))
        except Permanent as error:
            log.error("%s: its letter waits; %s", found.reference, error)
            return False
        draft = Draft(
            once=owed.once,
            kind=Kind.LETTER,
            recipient=owed.recipient,
            subject=letter.subject,
            text=letter.text,
            letter=owed.letter,
            case_id=owed.case_id,
            reference=found.reference,
            stage=owed.stage,
            answers=message.message_id,
        )
        posted = post(session, draft, settings=settings, now=now)
        session.commit()
    return posted is not None


def _write_alert(engine: Engine, settings: Settings, case_id: int, now: datetime) -> bool:
    with open_session(engine) as session:
        found = _locked(session, case_id)
        suggested = session.exec(_suggested().where(Message.case_id == case_id)).first() is not None
        owed = alert_owed(RiskFacts(case_id, suggested, found.at_risk), settings)
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
            case_id=owed.case_id,
            reference=found.reference,
        )
        posted = post(session, draft, settings=settings, now=now)
        session.commit()
    return posted is not None


def _facts(found: Case, message: Message) -> CaseFacts:
    assert found.id is not None
    return CaseFacts(
        case_id=found.id,
        open=found.status == CaseStatus.OPEN,
        acknowledged=found.acknowledged_at is not None,
        procedure=found.procedure,
        stage=found.stage,
        exclusion=found.exclusion,
        sender_email=message.sender_email,
        may_answer=message.may_answer,
        why_not=message.why_not,
    )


def _letter_facts(session: Session, found: Case, settings: Settings, now: datetime) -> letters.LetterFacts:
    calendar = calendar_of(settings)
    stage = stage_named(settings, found.procedure, found.stage)
    # the letter is the acknowledgement, so an answer counted from that is counted from now
    due = {step.step: step.due_on for step in steps_now(session, found, settings, acknowledged=now)}
    return letters.LetterFacts(
        reference=found.reference,
        subject=one_line(found.subject),
        received_on=letters.in_full(calendar.local_day(found.received_at)),
        type=found.type,
        procedure=settings.procedures[found.procedure].name,
        stage=stage.name,
        team=settings.teams[found.team].name if found.team in settings.teams else found.team,
        answer_by=letters.in_full(due[stage.answer]) if stage.answer else "",
        exclusion=found.exclusion,
    )
