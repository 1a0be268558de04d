"""Copies of the letters to a resident, for their advocate.

A copy is written with its letter and sent after it. It follows its letter: written anew where that is, withdrawn where
that is, and where the consent on record has ended meanwhile.
"""

import logging
from datetime import datetime, timedelta

from sqlmodel import Session

from postroom.casework.advocates import advocate_of
from postroom.casework.people import emails_of
from postroom.models.case import Case, Person
from postroom.models.failures import ConfigurationError
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications.envelopes import one_line
from postroom.notifications.letters import CopyFacts, Letter, render
from postroom.notifications.outbox import Draft, Kind, copy_once, letter_of, post, waiting_copy, withdraw, write_anew
from postroom.notifications.owed import COPY, Reach, Way, way_of

log = logging.getLogger(__name__)

PAUSE, LONG_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""How long a copy waits for its letter, and for one that could not be sent until an officer has looked at it."""


def post_letter(
    session: Session, draft: Draft, found: Case, *, settings: Settings, now: datetime
) -> OutgoingMail | None:
    """Put a letter to the person of a case into the outbox, and a copy for their advocate where there is one; None
    where the letter is there already."""
    mail = post(session, draft, settings=settings, now=now)
    copy = _copy_of(session, draft, found, settings) if mail is not None else None
    if copy is not None:
        post(session, copy, settings=settings, now=now)
    return mail


def write_copy_anew(
    session: Session, mail: OutgoingMail, draft: Draft, found: Case, *, settings: Settings, now: datetime
) -> None:
    """The letter `mail` was written anew as `draft`: let its copy say the same."""
    copy = waiting_copy(session, mail)
    anew = _copy_of(session, draft, found, settings) if copy is not None else None
    if copy is not None and anew is not None:
        write_anew(session, copy, anew, settings=settings, now=now)


def keep_copy_right(session: Session, copy: OutgoingMail, found: Case, now: datetime) -> bool:
    """Whether a copy is to be sent now: its letter went out, and its recipient has copies still."""
    letter, advocate = letter_of(session, copy), advocate_of(session, found)
    way = _way_to(session, advocate) if advocate else None
    if letter is None or way is None or (way.recipient, way.by_post) != (copy.recipient, copy.by_post):
        withdraw(session, copy, found, now)
        return False
    if letter.state == MailState.SENT:
        return True
    copy.not_before = now + (PAUSE if letter.state == MailState.WAITING else LONG_PAUSE)
    copy.attempts -= 1
    return False


def _copy_of(session: Session, draft: Draft, found: Case, settings: Settings) -> Draft | None:
    advocate = advocate_of(session, found)
    way = _way_to(session, advocate) if advocate else None
    if advocate is None or way is None:
        return None
    letter = _letter(draft, advocate, settings)
    return Draft(
        once=copy_once(draft.once),
        kind=Kind.COPY,
        recipient=way.recipient,
        subject=letter.subject,
        text=letter.text,
        letter=COPY,
        version=letter.version,
        case_id=draft.case_id,
        reference=draft.reference,
        stage=draft.stage,
        officer_id=draft.officer_id,
        by_post=way.by_post,
        large_print=advocate.large_print,
    )


def _letter(draft: Draft, advocate: Person, settings: Settings) -> Letter:
    """The letter's words after some of the council's own; alone where those can't be written, for nobody may miss a
    copy by that."""
    try:
        return render(settings, COPY, CopyFacts(one_line(advocate.name), draft.reference, draft.subject, draft.text))
    except ConfigurationError as error:
        log.error("%s: the copy for the advocate has the letter's words alone; %s", draft.reference, error)
        return Letter(draft.subject, draft.text)


def _way_to(session: Session, advocate: Person) -> Way | None:
    assert advocate.id is not None
    reach = Reach(
        sender_email=next(iter(emails_of(session, advocate.id)), ""),
        may_answer=True,
        on_paper=advocate.on_paper,
        postal_address=advocate.postal_address,
    )
    way = way_of(reach)
    return way if isinstance(way, Way) else None
