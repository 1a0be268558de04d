"""A letter that waits is looked at once more before it is sent: it may be that the case was changed, or that it is past
midnight and a promised date has moved."""

import logging
from datetime import datetime

from sqlmodel import Session

from postroom.models.case import Case
from postroom.models.failures import Permanent
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications import acknowledgements, announcements
from postroom.notifications.copies import keep_copy_right, write_copy_anew
from postroom.notifications.decisions import TOLD
from postroom.notifications.outbox import Draft, Kind, says, withdraw, write_anew
from postroom.notifications.owed import Purpose
from postroom.notifications.walking import locked

log = logging.getLogger(__name__)

_LOOKED_AT = (Purpose.ACKNOWLEDGEMENT, *TOLD)


def keep_right(session: Session, mail: OutgoingMail, settings: Settings, now: datetime) -> bool:
    """See that a waiting letter still says what is so. It is written anew, or withdrawn where it is no longer owed.
    Whether it is to be sent. What an officer wrote stays as it is, and so does what somebody may have got already."""
    if mail.kind == Kind.COPY and mail.case_id is not None and not mail.unanswered:
        return keep_copy_right(session, mail, locked(session, mail.case_id), now)
    if mail.purpose not in _LOOKED_AT or mail.case_id is None or mail.officer_id is not None or mail.unanswered:
        return True
    found = locked(session, mail.case_id)
    try:
        draft = _again(session, mail, found, settings, now)
    except Permanent as error:
        log.error("%s: its letter goes out as it was written; %s", found.reference, error)
        return True
    if draft is None or (draft.recipient, draft.by_post) != (mail.recipient, mail.by_post):
        withdraw(session, mail, found, now)
        return False
    if says(draft) != mail.text_digest:
        write_anew(session, mail, draft, settings=settings, now=now)
        write_copy_anew(session, mail, draft, found, settings=settings, now=now)
    return True


def _again(session: Session, mail: OutgoingMail, found: Case, settings: Settings, now: datetime) -> Draft | None:
    """What a waiting letter would say if it were written now; None where it is no longer owed."""
    if mail.purpose == Purpose.ACKNOWLEDGEMENT:
        return acknowledgements.draft_again(session, mail, found, settings, now)
    return announcements.draft_again(session, mail, found, settings)
