"""The instant receipts, where the council has them turned on: they say that a message is here, and no more."""

import logging
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Engine, bindparam
from sqlmodel import col, select

from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import Permanent
from postroom.models.message import OPENED, Message
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications.case_letters import NO_MACHINE, correspondence, draft_of, receipt_facts
from postroom.notifications.copies import post_letter
from postroom.notifications.letter_rules import write
from postroom.notifications.outbox import has_room
from postroom.notifications.owed import RECEIPT_WITHIN, Purpose, Way, receipt_owed
from postroom.notifications.walking import locked, one_by_one

log = logging.getLogger(__name__)


def write_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Write one receipt that is owed. False where none is."""
    if not settings.outgoing.instant_acknowledgement:
        return False
    return any(_write(engine, settings, id_, now) for id_ in one_by_one(engine, _fresh(), since=now - RECEIPT_WITHIN))


@cache
def _fresh() -> Any:
    """The first case after `after` that came in after `since` and has neither receipt nor acknowledgement."""
    answered = select(OutgoingMail.id).where(OutgoingMail.case_id == Case.id, OutgoingMail.purpose != "")
    return (
        select(Case.id)
        .join(Message, col(Message.case_id) == Case.id)
        .where(
            Message.matched_by == OPENED,
            Message.machine == NO_MACHINE,
            col(Message.may_answer),
            Message.sender_email != "",
            col(Case.received_at) > bindparam("since"),
            col(Case.acknowledged_at).is_(None),
            ~answered.exists(),
            col(Case.id) > bindparam("after"),
        )
        .order_by(col(Case.id))
        .limit(1)
    )


def _write(engine: Engine, settings: Settings, case_id: int, now: datetime) -> bool:
    with open_session(engine) as session:
        found = locked(session, case_id)
        letters = correspondence(session, found)
        way = receipt_owed(
            letters.reach(letters.opening),
            received_at=found.received_at,
            acknowledged=found.acknowledged_at is not None,
            settings=settings,
            now=now,
        )
        if not isinstance(way, Way) or not has_room(session, way.recipient, settings=settings, now=now):
            return False
        try:
            letter = write(settings, Purpose.RECEIPT, Purpose.RECEIPT, receipt_facts(found, settings))
        except Permanent as error:
            log.error("%s: its receipt waits; %s", found.reference, error)
            return False
        envelope = draft_of(
            letters,
            Purpose.RECEIPT,
            way,
            once=f"receipt:{found.id}",
            letter=Purpose.RECEIPT,
            answers=letters.opening,
        )
        draft = replace(envelope, subject=letter.subject, text=letter.text, version=letter.version)
        posted = post_letter(session, draft, found, settings=settings, now=now)
        session.commit()
    return posted is not None
