"""The letters that tell somebody of a decision about their case, where the officer who made it wrote none."""

import logging
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session

from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import Permanent
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications.case_letters import correspondence, draft_of, facts_of, newest_after, template_of
from postroom.notifications.copies import post_letter
from postroom.notifications.decisions import TOLD, Decision, facts_with, once_for, ours_to_tell, told_by
from postroom.notifications.letter_rules import write
from postroom.notifications.outbox import Draft, has_room
from postroom.notifications.owed import Purpose, Way, way_to
from postroom.notifications.walking import locked

log = logging.getLogger(__name__)


def write_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Write one letter that is owed. False where none can be written."""
    with open_session(engine, read_only=True) as session:
        found = {purpose: ours_to_tell(session, purpose, settings, now) for purpose in TOLD}
        waiting = [(purpose, row.case_id, once_for(row)) for purpose, rows in found.items() for row in rows]
    return any(_write(engine, purpose, case_id, once, settings, now) for purpose, case_id, once in waiting)


def draft_again(session: Session, mail: OutgoingMail, found: Case, settings: Settings) -> Draft | None:
    """What a waiting letter would say if it were written now; None where its decision does not stand any more."""
    row = told_by(session, mail, settings)
    return _draft(session, Purpose(mail.purpose), row, found, settings, without=mail.id) if row else None


def _write(engine: Engine, purpose: Purpose, case_id: int, once: str, settings: Settings, now: datetime) -> bool:
    with open_session(engine) as session:
        found = locked(session, case_id)
        rows = ours_to_tell(session, purpose, settings, now, case_id)
        row = next((row for row in rows if once_for(row) == once), None)
        try:
            draft = _draft(session, purpose, row, found, settings) if row else None
        except Permanent as error:
            log.error("%s: its letter waits; %s", found.reference, error)
            return False
        if draft is None:
            return False
        if not draft.by_post and not has_room(session, draft.recipient, settings=settings, now=now):
            log.warning("%s: its letter waits; the day's letters to its address are written", found.reference)
            return False
        posted = post_letter(session, draft, found, settings=settings, now=now)
        session.commit()
    return posted is not None


def _draft(
    session: Session, purpose: Purpose, row: Decision, found: Case, settings: Settings, without: int | None = None
) -> Draft | None:
    """The letter about a decision; None where nobody can be reached."""
    letters = correspondence(session, found)
    answers = newest_after(session, letters.opening)
    way = way_to(letters.reach(answers))
    if not isinstance(way, Way):
        return None
    name = template_of(settings, purpose, found)
    facts = facts_with(session, facts_of(letters, settings, way), row, found, settings)
    letter = write(settings, purpose, name, facts)
    envelope = draft_of(letters, purpose, way, once=once_for(row), letter=name, answers=answers, without=without)
    return replace(envelope, subject=letter.subject, text=letter.text, version=letter.version)
