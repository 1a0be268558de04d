"""The letters that acknowledge a case or signpost: written by a worker.

The worker keeps no notes of its own. What is owed follows from the case, what was written stands in the outbox, and
both are read and written in one transaction: killed at any point, it goes on where it was.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, and_, bindparam, case, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from postroom.models.case import Case, CaseStatus, Person
from postroom.models.database import open_session
from postroom.models.failures import Permanent
from postroom.models.message import Message, opening_first
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.settings import NO_EXCLUSION, Settings
from postroom.notifications import alerts, announcements, passing_on, receipts
from postroom.notifications.case_letters import Correspondence, correspondence, draft_of, facts_of, newest_after
from postroom.notifications.copies import post_letter
from postroom.notifications.letter_rules import write
from postroom.notifications.letters import Letter, template_for
from postroom.notifications.outbox import Draft, has_room, withdraw
from postroom.notifications.owed import (
    SIGNPOST,
    CaseFacts,
    LetterOwed,
    Purpose,
    acknowledgement_of,
    letter_owed,
)
from postroom.notifications.undo_window import free_since
from postroom.notifications.walking import locked, one_by_one

log = logging.getLogger(__name__)

_OTHERS = (
    select(OutgoingMail)
    .where(
        OutgoingMail.case_id == bindparam("case_id"),
        OutgoingMail.purpose == Purpose.ACKNOWLEDGEMENT,
        OutgoingMail.state == MailState.WAITING,
        OutgoingMail.once != bindparam("once"),
        OutgoingMail.unanswered == 0,
    )
    .with_for_update(skip_locked=True)
)


def process_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Write one alert or letter that is owed. False where nothing more can be written now.

    A letter over the day's number for its address, or one whose template is broken, is passed over and found again by
    every later call.
    """
    return (
        alerts.write_one(engine, settings, now)
        or receipts.write_one(engine, settings, now)
        or any(_write(engine, settings, id_, now) for id_ in _unacknowledged(engine, settings, now))
        or announcements.write_one(engine, settings, now)
        or passing_on.write_one(engine, settings, now)
    )


def draft_again(session: Session, mail: OutgoingMail, found: Case, settings: Settings, now: datetime) -> Draft | None:
    """What a waiting acknowledgement would say if it were written now; None where it is no longer owed. Raises
    `Permanent` where it is owed still, and what is missing now is in the configuration."""
    letters = correspondence(session, found)
    owed = letter_owed(_facts(letters), settings)
    if isinstance(owed, LetterOwed):
        same = (owed.letter, owed.stage) == (mail.letter, mail.stage)
        return _draft(letters, owed, settings, now, without=mail.id) if same else None
    if found.status == CaseStatus.OPEN and found.acknowledged_at is None:
        raise Permanent(owed.reason)
    return None


def _unacknowledged(engine: Engine, settings: Settings, now: datetime) -> Iterator[int]:
    """The open cases that may owe a letter and have none; `letter_owed` decides. One confirmed just now waits, so that
    its officer can take that back."""
    names = tuple(
        (id_, stage.id, acknowledgement_of(settings, id_, stage.id))
        for id_, procedure in settings.procedures.items()
        for stage in procedure.stages
    )
    if not settings.outgoing.acknowledgement_minutes:
        return one_by_one(engine, _without_letter(names, waits=False))
    return one_by_one(engine, _without_letter(names, waits=True), confirmed_by=free_since(now, settings))


@lru_cache(maxsize=4)
def _without_letter(names: tuple[tuple[str, str, str], ...], *, waits: bool) -> Any:
    """The first open case after `after` without its letter. `names`: each procedure and stage with what it is called;
    with `waits` only those confirmed by `confirmed_by`."""
    named = (
        (and_(col(Case.procedure) == procedure, col(Case.stage) == stage), name) for procedure, stage, name in names
    )
    letter = case((col(Case.exclusion) != NO_EXCLUSION, SIGNPOST), *named, else_="")
    written = select(OutgoingMail.id).where(
        OutgoingMail.case_id == Case.id,
        OutgoingMail.purpose == Purpose.ACKNOWLEDGEMENT,
        OutgoingMail.stage == Case.stage,
        OutgoingMail.state != MailState.WITHDRAWN,
        col(OutgoingMail.letter) == letter,
    )
    earliest = aliased(Message)
    first = select(earliest.id).where(earliest.case_id == Case.id).order_by(*opening_first(earliest)).limit(1)
    return (
        select(Case.id)
        .join(Message, col(Message.id) == first.correlate(Case).scalar_subquery())
        .outerjoin(Person, col(Person.id) == Case.person_id)
        .where(
            Case.status == CaseStatus.OPEN,
            col(Case.acknowledged_at).is_(None),
            *([col(Case.confirmed_at) <= bindparam("confirmed_by")] if waits else []),
            col(Message.may_answer).is_(True),
            or_(col(Message.sender_email) != "", col(Person.postal_address) != ""),
            ~written.exists(),
            col(Case.id) > bindparam("after"),
        )
        .order_by(col(Case.id))
        .limit(1)
    )


def _write(engine: Engine, settings: Settings, case_id: int, now: datetime) -> bool:
    with open_session(engine) as session:
        found = locked(session, case_id)
        letters = correspondence(session, found)
        owed = letter_owed(_facts(letters), settings)
        if not isinstance(owed, LetterOwed):
            return False
        _withdraw_others(session, found, owed, now)
        if not owed.way.by_post and not has_room(session, owed.way.recipient, settings=settings, now=now):
            log.warning("%s: its letter waits; the day's letters to its address are written", found.reference)
            session.commit()
            return False
        try:
            draft = _draft(letters, owed, settings, now)
        except Permanent as error:
            log.error("%s: its letter waits; %s", found.reference, error)
            session.commit()
            return False
        posted = post_letter(session, draft, found, settings=settings, now=now)
        session.commit()
    return posted is not None


def _withdraw_others(session: Session, found: Case, owed: LetterOwed, now: datetime) -> None:
    """The letters that waited while the case was corrected. One that is being sent at this moment is left alone."""
    for mail in session.exec(_OTHERS, params={"case_id": found.id, "once": owed.once}):
        withdraw(session, mail, found, now)


def _draft(
    letters: Correspondence, owed: LetterOwed, settings: Settings, now: datetime, without: int | None = None
) -> Draft:
    letter = _letter(letters, owed, settings, now)
    first_stage = letters.case.stage_number <= 1
    answers = letters.opening if first_stage else newest_after(letters.session, letters.opening)
    envelope = draft_of(
        letters,
        Purpose.ACKNOWLEDGEMENT,
        owed.way,
        once=owed.once,
        letter=owed.letter,
        answers=answers,
        without=without,
    )
    return replace(envelope, subject=letter.subject, text=letter.text, version=letter.version)


def letter_of(session: Session, found: Case, owed: LetterOwed, settings: Settings, now: datetime) -> Letter:
    """The words of an acknowledgement that is sent at `now`: an answer counted from the acknowledgement is counted from
    then."""
    return _letter(correspondence(session, found), owed, settings, now)


def _letter(letters: Correspondence, owed: LetterOwed, settings: Settings, now: datetime) -> Letter:
    found = letters.case
    facts = facts_of(letters, settings, owed.way, acknowledged=now)
    name = template_for(settings, owed.letter, exclusion=found.exclusion) if owed.letter == SIGNPOST else owed.letter
    return write(settings, Purpose.ACKNOWLEDGEMENT, name, facts)


def _facts(letters: Correspondence) -> CaseFacts:
    found = letters.case
    assert found.id is not None
    return CaseFacts(
        case_id=found.id,
        open=found.status == CaseStatus.OPEN,
        acknowledged=found.acknowledged_at is not None,
        procedure=found.procedure,
        stage=found.stage,
        exclusion=found.exclusion,
        reach=letters.reach(letters.opening),
    )
