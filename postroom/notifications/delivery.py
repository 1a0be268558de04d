"""The worker that sends what stands in the outbox.

A mail is claimed, sent with no session open, and its end recorded in one transaction with the step of the case that it
meets. Killed between the sending and the record it is sent again after its lease, under the same Message-ID.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, select

from postroom.casework.answering import acknowledge
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound, PostroomError, Unreachable
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.queues import claim, pause_after
from postroom.models.settings import Settings
from postroom.notifications.outbox import Kind
from postroom.notifications.transports import Transport

log = logging.getLogger(__name__)

OUTAGE_PAUSE = timedelta(minutes=1)
"""How long a mail is left alone when the mail server can't be reached. An outage uses up none of its tries."""


def process_one(engine: Engine, settings: Settings, transport: Transport, now: datetime) -> bool:
    """Send one mail that is due. False where none is."""
    mail_id = claim(engine, OutgoingMail, MailState.WAITING, now, settings.workers.lease)
    if mail_id is None:
        return False
    with open_session(engine, read_only=True) as session:
        mail = session.get_one(OutgoingMail, mail_id)
    if mail.attempts > settings.outgoing.attempts:
        _bury(engine, mail_id, "Every try broke off without an end.")
        return True
    try:
        transport.send(mail.envelope_sender, mail.recipient, mail.content)
    except Unreachable as error:
        _wait(engine, mail_id, now + OUTAGE_PAUSE, str(error), attempts=mail.attempts - 1)
    except PostroomError as error:
        if error.permanent or mail.attempts >= settings.outgoing.attempts:
            _bury(engine, mail_id, str(error))
        else:
            _wait(engine, mail_id, now + pause_after(mail.attempts), str(error), attempts=mail.attempts)
    else:
        _record_sent(engine, mail_id, settings, now)
    return True


def try_again(engine: Engine, mail_id: int, now: datetime) -> None:
    """Put a mail that was given up back into the queue. Raises `NotFound`, or `ImpossibleMove` for any other mail."""
    with open_session(engine) as session:
        mail = session.exec(select(OutgoingMail).where(OutgoingMail.id == mail_id).with_for_update()).first()
        if mail is None:
            raise NotFound(f"There is no outgoing mail {mail_id}.")
        if mail.state != MailState.DEAD:
            raise ImpossibleMove(f"This mail is {mail.state}; only one that was given up can be tried again.")
        mail.state, mail.attempts, mail.not_before, mail.last_error = MailState.WAITING, 0, now, ""
        session.add(mail)
        session.commit()


def _waiting(session: Session, mail_id: int) -> OutgoingMail | None:
    """The mail, locked; None where another worker whose claim came after ours has ended it."""
    query = select(OutgoingMail).where(OutgoingMail.id == mail_id, OutgoingMail.state == MailState.WAITING)
    return session.exec(query.with_for_update()).first()


def _wait(engine: Engine, mail_id: int, until: datetime, error: str, *, attempts: int) -> None:
    with open_session(engine) as session:
        mail = _waiting(session, mail_id)
        if mail is not None:
            mail.not_before, mail.last_error, mail.attempts = until, error, attempts
            session.add(mail)
            session.commit()
    log.warning("outgoing mail %s waits: %s", mail_id, error)


def _bury(engine: Engine, mail_id: int, error: str) -> None:
    with open_session(engine) as session:
        mail = _waiting(session, mail_id)
        if mail is not None:
            mail.state, mail.last_error = MailState.DEAD, error
            session.add(mail)
            session.commit()
    log.error("outgoing mail %s was given up: %s", mail_id, error)


def _record_sent(engine: Engine, mail_id: int, settings: Settings, now: datetime) -> None:
    with open_session(engine) as session:
        mail = _waiting(session, mail_id)
        if mail is None:
            return
        if mail.kind == Kind.LETTER and mail.case_id is not None:
            _acknowledge(session, mail, mail.case_id, settings, now)
        mail.state, mail.sent_at, mail.last_error = MailState.SENT, now, ""
        session.add(mail)
        session.commit()


def _acknowledge(session: Session, mail: OutgoingMail, case_id: int, settings: Settings, now: datetime) -> None:
    """The letter went out, so its case is acknowledged, unless somebody did that before or closed it."""
    case = session.exec(select(Case).where(Case.id == case_id).with_for_update()).one()
    if case.status != CaseStatus.OPEN or case.acknowledged_at is not None:
        return
    try:
        with session.begin_nested():
            acknowledge(session, case_id, settings=settings, now=now, actor="delivery", how=f"letter {mail.letter}")
    except ImpossibleMove as error:  # the letter is gone all the same: forgetting that would send it again
        log.error("%s: its letter was sent, but it can't be acknowledged: %s", case.reference, error)
