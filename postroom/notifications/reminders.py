"""The sweep that reminds people: one digest for each on a working morning, each rung once for ever."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from postroom.casework.working_days import calendar_of, in_words
from postroom.models.database import open_session
from postroom.models.failures import ConfigurationError
from postroom.models.outgoing_mail import Reminder
from postroom.models.settings import Settings
from postroom.notifications import letters
from postroom.notifications.envelopes import one_line
from postroom.notifications.ladder import MANY, on_ladder
from postroom.notifications.outbox import Draft, Kind, post
from postroom.notifications.owed import DIGEST
from postroom.notifications.recipients import Recipient, Recipients
from postroom.notifications.rungs import OnLadder, in_window, to_give

log = logging.getLogger(__name__)


def remind(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write the digests that are due and return how many. Outside a working morning there are none.

    Safe to run twice and in several processes at once: a person has one digest a day. Raises `ConfigurationError`
    where the digest's letter can't be written for somebody, after the digests of all others.
    """
    calendar = calendar_of(settings)
    if not in_window(now, settings.reminders, calendar):
        return 0
    with open_session(engine, read_only=True) as session:
        shares = _shares(Recipients(session, settings, now), on_ladder(session, settings, now))
    written, broken = 0, None
    for recipient, share in shares.items():
        try:
            written += _write_digest(engine, settings, recipient, share, now)
        except ConfigurationError as error:
            broken = error
    if broken is not None:
        raise broken
    return written


def _shares(recipients: Recipients, entries: Iterable[OnLadder]) -> dict[Recipient, list[OnLadder]]:
    """Who is reminded of what, the most urgent first."""
    shares: dict[Recipient, list[OnLadder]] = defaultdict(list)
    for entry in entries:
        found = recipients.of(entry)
        if not found:
            log.error("%s: there is nobody to be reminded of it", entry.reference)
        for recipient in found:
            shares[recipient].append(entry)
    return shares


def _write_digest(
    engine: Engine, settings: Settings, recipient: Recipient, share: list[OnLadder], now: datetime
) -> bool:
    """Write the digest of one person with the rungs that it gives; False where nothing is due or it was written."""
    today = calendar_of(settings).local_day(now)
    with open_session(engine) as session:
        given = _given(session, recipient, [entry.about for entry in share])
        due = [(entry, to_give(entry.rungs, frozenset(given[entry.about]))) for entry in share]
        due = [(entry, rungs) for entry, rungs in due if rungs]
        if not due:
            return False
        lines = tuple(dict.fromkeys(_line(entry, recipient, settings) for entry, _ in due))
        letter = letters.render(settings, DIGEST, letters.DigestFacts(recipient.name, lines))
        draft = Draft(
            once=f"digest:{recipient.officer_id}:{today.isoformat()}",
            kind=Kind.DIGEST,
            recipient=recipient.email,
            subject=letter.subject,
            text=letter.text,
            letter=DIGEST,
        )
        mail = post(session, draft, settings=settings, now=now)
        if mail is None:
            return False
        assert mail.id is not None
        session.add_all(_reminders(due, recipient, today, mail.id))
        session.commit()
    return True


def _given(session: Session, recipient: Recipient, abouts: list[str]) -> dict[str, set[str]]:
    """The rungs that somebody was given of each thing."""
    given: dict[str, set[str]] = defaultdict(set)
    for start in range(0, len(abouts), MANY):
        query = select(Reminder.about, Reminder.rung).where(
            Reminder.officer_id == recipient.officer_id, col(Reminder.about).in_(abouts[start : start + MANY])
        )
        for about, rung in session.exec(query):
            given[about].add(rung)
    return given


def _reminders(
    due: list[tuple[OnLadder, tuple[str, ...]]], recipient: Recipient, today: date, mail_id: int
) -> list[Reminder]:
    return [
        Reminder(
            about=entry.about, rung=rung, officer_id=recipient.officer_id, given_on=today, outgoing_mail_id=mail_id
        )
        for entry, rungs in due
        for rung in rungs
    ]


def _line(entry: OnLadder, recipient: Recipient, settings: Settings) -> letters.DigestLine:
    return letters.DigestLine(
        reference=entry.reference,
        subject=one_line(entry.subject) if recipient.may_read(entry) else "",
        type=entry.type or "not confirmed yet",
        team=settings.teams[entry.team].name if entry.team in settings.teams else entry.team,
        step=entry.to_do,
        due=in_words(entry.due_on) if entry.due_on else "",
        standing=entry.standing,
        link=f"{settings.desk.public_url}/cases/{entry.reference}",
    )
