"""The worker that sends what stands in the outbox.

A mail is claimed, looked at once more, sent with no session open, and its end recorded in one transaction with the step
of the case that it meets. Killed between the sending and the record it is sent again after its lease, under the same
Message-ID, and the case says so.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Engine, bindparam, update
from sqlmodel import Session, select

from postroom.casework.cases import acknowledge, record
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound, PostroomError, Unanswered, Unreachable
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.queues import claim, pause_after
from postroom.models.settings import Settings
from postroom.models.tables import metadata
from postroom.notifications.envelopes import Mail
from postroom.notifications.keeping_right import keep_right
from postroom.notifications.owed import Purpose
from postroom.notifications.pacing import WITHIN_PACE, free_from, pace
from postroom.notifications.transports import Transport
from postroom.notifications.walking import locked

log = logging.getLogger(__name__)

OUTAGE_PAUSE = timedelta(minutes=1)
"""How long a mail is left alone when the mail server can't be reached. An outage uses up none of its tries."""

_MAILS = metadata.tables["outgoing_mail"]
_WAITING = (
    select(OutgoingMail)
    .where(OutgoingMail.id == bindparam("mail_id"), OutgoingMail.state == MailState.WAITING)
    .with_for_update()
)
_NOW_SENT = (
    update(_MAILS)
    .where(_MAILS.c.id == bindparam("mail_id"), _MAILS.c.state == MailState.WAITING)
    .values(state=MailState.SENT.value, sent_at=bindparam("now"), unanswered=_MAILS.c.unanswered - 1, last_error="")
    .returning(_MAILS.c.unanswered)
)
"""Gives nothing where another worker whose claim came after ours has ended it; else the tries of which nobody knows the
end."""


def process_one(engine: Engine, settings: Settings, transport: Transport, now: datetime) -> bool:
    """Send one mail that is due. False where none is, or each is to a domain that has had enough for this minute."""
    lease, values = settings.workers.lease, pace(settings, now)
    mail_id = claim(engine, OutgoingMail, MailState.WAITING, now, lease, only=WITHIN_PACE, values=values)
    if mail_id is None:
        return False
    mail = _begin(engine, mail_id, settings, now)
    if mail is None:
        return True
    try:
        transport.send(_as_mail(mail))
    except Unanswered as error:
        _try_later(engine, mail, settings, now, str(error), answered=False)
    except Unreachable as error:
        _wait(engine, mail_id, now + OUTAGE_PAUSE, str(error), attempts=mail.attempts - 1, answered=True)
    except PostroomError as error:
        if error.permanent:
            _bury(engine, mail_id, str(error), answered=True)
        else:
            _try_later(engine, mail, settings, now, str(error), answered=True)
    else:
        _record_sent(engine, mail, settings, now)
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


def _begin(engine: Engine, mail_id: int, settings: Settings, now: datetime) -> OutgoingMail | None:
    """The claimed mail, noted as being tried; None where it is not to be sent now."""
    with open_session(engine) as session:
        mail = _waiting(session, mail_id)
        if mail is None:
            return None
        free = free_from(session, mail, settings, now)
        begun = False
        if free > now:
            mail.not_before, mail.attempts = free, mail.attempts - 1
        elif mail.attempts > settings.outgoing.attempts:
            mail.state, mail.last_error = MailState.DEAD, "Every try broke off without an end."
            log.error("outgoing mail %s was given up: %s", mail_id, mail.last_error)
        elif keep_right(session, mail, settings, now):
            mail.tried_at, mail.unanswered, begun = now, mail.unanswered + 1, True
        session.add(mail)
        session.commit()
    return mail if begun else None


def _as_mail(mail: OutgoingMail) -> Mail:
    return Mail(
        message_id=mail.message_id,
        envelope_sender=mail.envelope_sender,
        recipient=mail.recipient,
        subject=mail.subject,
        content=mail.content,
        by_post=mail.by_post,
        again=mail.unanswered > 1,
    )


def _waiting(session: Session, mail_id: int) -> OutgoingMail | None:
    """The mail, locked; None where another worker whose claim came after ours has ended it."""
    return session.exec(_WAITING, params={"mail_id": mail_id}).first()


def _try_later(
    engine: Engine, mail: OutgoingMail, settings: Settings, now: datetime, error: str, *, answered: bool
) -> None:
    assert mail.id is not None
    if mail.attempts >= settings.outgoing.attempts:
        _bury(engine, mail.id, error, answered=answered)
    else:
        until = now + pause_after(mail.attempts)
        _wait(engine, mail.id, until, error, attempts=mail.attempts, answered=answered)


def _wait(engine: Engine, mail_id: int, until: datetime, error: str, *, attempts: int, answered: bool) -> None:
    with open_session(engine) as session:
        mail = _waiting(session, mail_id)
        if mail is not None:
            mail.not_before, mail.last_error, mail.attempts = until, error, attempts
            mail.unanswered -= answered
            session.add(mail)
            session.commit()
    log.warning("outgoing mail %s waits: %s", mail_id, error)


def _bury(engine: Engine, mail_id: int, error: str, *, answered: bool) -> None:
    with open_session(engine) as session:
        mail = _waiting(session, mail_id)
        if mail is not None:
            mail.state, mail.last_error = MailState.DEAD, error
            mail.unanswered -= answered
            session.add(mail)
            session.commit()
    log.error("outgoing mail %s was given up: %s", mail_id, error)


def _record_sent(engine: Engine, mail: OutgoingMail, settings: Settings, now: datetime) -> None:
    with open_session(engine) as session:
        unanswered = session.connection().execute(_NOW_SENT, {"mail_id": mail.id, "now": now}).scalar_one_or_none()
        acknowledges = mail.purpose == Purpose.ACKNOWLEDGEMENT
        if mail.case_id is not None and (unanswered or (acknowledges and unanswered is not None)):
            case = locked(session, mail.case_id)
            if unanswered:
                _note_that_it_may_have_gone_twice(session, mail, case, unanswered, now)
            if acknowledges:
                _acknowledge(session, mail, case, settings, now)
        session.commit()


def _note_that_it_may_have_gone_twice(
    session: Session, mail: OutgoingMail, case: Case, unanswered: int, now: datetime
) -> None:
    record(
        session,
        case,
        kind="mail sent again",
        summary="A mail may have arrived more than once: an earlier try broke off without an answer",
        actor="delivery",
        now=now,
        after={"mail": mail.id, "message_id": mail.message_id, "unanswered": unanswered},
    )


def _acknowledge(session: Session, mail: OutgoingMail, case: Case, settings: Settings, now: datetime) -> None:
    """The letter went out, so its case is acknowledged, unless somebody did that before or closed it."""
    if case.status != CaseStatus.OPEN or case.acknowledged_at is not None or case.stage != mail.stage:
        return
    assert case.id is not None
    try:
        with session.begin_nested():
            acknowledge(session, case.id, settings=settings, now=now, actor="delivery", how=f"letter {mail.letter}")
    except ImpossibleMove as error:  # the letter is gone all the same: forgetting that would send it again
        log.error("%s: its letter was sent, but it can't be acknowledged: %s", case.reference, error)
