"""A letter that an officer writes, from its template: it goes into the outbox with the change that it belongs to."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from postroom.casework.history import record
from postroom.casework.reading import officer, stages_of
from postroom.models.case import Case, CaseStatus
from postroom.models.failures import ImpossibleMove
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications.case_letters import draft_of
from postroom.notifications.copies import post_letter
from postroom.notifications.decisions import once_for
from postroom.notifications.letter_rules import edited
from postroom.notifications.owed import NothingOwed, Purpose
from postroom.notifications.preview import AUTOMATIC, Basis, basis_of

BY_LETTER = "by letter from the desk"
"""How a response was given that went out with its letter, as the history tells it."""


def send(
    session: Session,
    case: Case,
    purpose: Purpose,
    subject: str,
    text: str,
    *,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> OutgoingMail:
    """Put a letter into the outbox as an officer wrote it, from the text that `preview` gave. Make the move that it
    belongs to before, in the same session, and commit after: a letter that tells of a decision takes the place of ours.

    Raises `ImpossibleMove` where the letter lacks what it must say, can reach nobody, was written already, or the case
    has no such letter.
    """
    _check_moment(session, case, purpose)
    basis = basis_of(session, case, purpose, settings, now, officer_id=officer_id)
    letter = edited(settings, purpose, basis.letter, basis.facts, subject, text)
    if isinstance(basis.way, NothingOwed):
        raise ImpossibleMove(basis.way.reason)
    envelope = draft_of(
        basis.letters,
        purpose,
        basis.way,
        once=_once(case, purpose, basis),
        letter=basis.name,
        answers=basis.answers,
        officer_id=officer_id,
    )
    draft = replace(envelope, subject=letter.subject, text=letter.text, version=letter.version)
    mail = post_letter(session, draft, case, settings=settings, now=now)
    if mail is None:
        raise ImpossibleMove("This letter was written already.")
    record(
        session,
        case,
        kind="letter written",
        summary=f"A letter was written: {purpose.replace('_', ' ')}",
        actor=officer(officer_id),
        now=now,
        after={"mail": mail.id, "letter": mail.letter, "message_id": mail.message_id},
    )
    return mail


def _check_moment(session: Session, case: Case, purpose: Purpose) -> None:
    if purpose in AUTOMATIC:
        raise ImpossibleMove("This letter is written by itself.")
    if purpose == Purpose.RESPONSE and not any(stage.responded_at for stage in stages_of(session, case)[-1:]):
        raise ImpossibleMove("Record first that the stage is answered.")
    if purpose == Purpose.CLOSING and case.status != CaseStatus.CLOSED:
        raise ImpossibleMove("Close the case first.")


def _once(case: Case, purpose: Purpose, basis: Basis) -> str:
    """One letter for a decision; of others, one for each change of the case."""
    return once_for(basis.decision) if basis.decision else f"letter:{purpose}:{case.id}:{case.version}"
