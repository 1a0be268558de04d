"""The sweep that reminds managers: one digest for each on a working morning, each rung of a deadline once for ever."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from postroom.casework.working_days import calendar_of, in_words
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState
from postroom.models.database import open_session
from postroom.models.failures import ConfigurationError
from postroom.models.officer import Officer, Role, TeamMember
from postroom.models.outgoing_mail import Reminder
from postroom.models.settings import Settings
from postroom.notifications import letters
from postroom.notifications.envelopes import one_line, usable_address
from postroom.notifications.outbox import Draft, Kind, post
from postroom.notifications.owed import DIGEST
from postroom.notifications.rungs import in_window, reached, standing, to_give

log = logging.getLogger(__name__)

FALLBACK_TEAM = "customer-relations"
"""The team whose managers are reminded of cases of a team without any."""


@dataclass(frozen=True)
class OpenStep:
    """One step of an open case that has reached the ladder."""

    deadline_id: int
    team: str
    step: str
    days_left: int
    line: letters.DigestLine


@dataclass(frozen=True)
class Recipient:
    officer_id: int
    email: str
    name: str


def remind(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write the digests that are due and return how many. Outside a working morning there are none.

    Safe to run twice and in several processes at once: a manager has one digest a day.
    """
    calendar = calendar_of(settings)
    if not in_window(now, settings.reminders, calendar):
        return 0
    with open_session(engine, read_only=True) as session:
        steps = _open_steps(session, settings, calendar.local_day(now))
        shares = _shares(session, steps)
    return sum(_write_digest(engine, settings, recipient, share, now) for recipient, share in shares.items())


def _open_steps(session: Session, settings: Settings, today: date) -> list[OpenStep]:
    """The steps that have reached the ladder, the most urgent first."""
    query = (
        select(Deadline, Case)
        .join(Case, col(Case.id) == Deadline.case_id)
        .where(Deadline.state == DeadlineState.OPEN, Case.status == CaseStatus.OPEN)
        .order_by(col(Deadline.due_on), col(Deadline.id))
    )
    calendar = calendar_of(settings)
    steps = []
    for deadline, case in session.exec(query):
        days_left = calendar.days_left(deadline.due_on, today)
        if reached(deadline.step, days_left, settings.reminders.ladder):
            assert deadline.id is not None
            line = _line(deadline, case, days_left, settings)
            steps.append(OpenStep(deadline.id, case.team, deadline.step, days_left, line))
    return steps


def _line(deadline: Deadline, case: Case, days_left: int, settings: Settings) -> letters.DigestLine:
    return letters.DigestLine(
        reference=case.reference,
        subject="" if case.sealed else one_line(case.subject),
        type=case.type.replace("_", " "),
        team=settings.teams[case.team].name if case.team in settings.teams else case.team,
        step=deadline.step,
        due=in_words(deadline.due_on),
        standing=standing(days_left),
        link=f"{settings.desk.public_url}/cases/{case.reference}",
    )


def _shares(session: Session, steps: Iterable[OpenStep]) -> dict[Recipient, list[OpenStep]]:
    """Who is reminded of which steps: a team's managers, else those of customer relations, else the administrators."""
    managers = _managers(session)
    fallback = managers.get(FALLBACK_TEAM) or _administrators(session)
    shares: dict[Recipient, list[OpenStep]] = defaultdict(list)
    for step in steps:
        recipients = managers.get(step.team) or fallback
        if not recipients:
            log.error("%s: there is nobody to be reminded of it", step.line.reference)
        for recipient in recipients:
            shares[recipient].append(step)
    return shares


def _managers(session: Session) -> dict[str, list[Recipient]]:
    query = (
        select(Officer, TeamMember.team)
        .join(TeamMember, col(TeamMember.officer_id) == Officer.id)
        .where(Officer.role == Role.MANAGER, col(Officer.active))
        .order_by(col(Officer.id))
    )
    managers: dict[str, list[Recipient]] = defaultdict(list)
    for officer, team in session.exec(query):
        managers[team].extend(_recipients([officer]))
    return managers


def _administrators(session: Session) -> list[Recipient]:
    query = select(Officer).where(Officer.role == Role.ADMINISTRATOR, col(Officer.active)).order_by(col(Officer.id))
    return _recipients(session.exec(query))


def _recipients(officers: Iterable[Officer]) -> list[Recipient]:
    """Those of `officers` whom mail can reach."""
    return [Recipient(o.id, o.email, o.name) for o in officers if o.id is not None and usable_address(o.email)]


def _write_digest(
    engine: Engine, settings: Settings, recipient: Recipient, share: list[OpenStep], now: datetime
) -> bool:
    """Write the digest of one manager with the rungs that it gives; False where nothing is due or it was written."""
    today = calendar_of(settings).local_day(now)
    with open_session(engine) as session:
        rungs = _rungs_to_give(session, settings, recipient, share)
        lines = tuple(step.line for step in share if step.deadline_id in rungs)
        if not lines:
            return False
        try:
            letter = letters.render(settings, DIGEST, letters.DigestFacts(recipient.name, lines))
        except ConfigurationError as error:
            log.error("a manager's digest waits; %s", error)
            return False
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
        for deadline_id, given in rungs.items():
            for rung in given:
                reminder = Reminder(
                    deadline_id=deadline_id,
                    rung=rung,
                    officer_id=recipient.officer_id,
                    given_on=today,
                    outgoing_mail_id=mail.id,
                )
                session.add(reminder)
        session.commit()
    return True


def _rungs_to_give(
    session: Session, settings: Settings, recipient: Recipient, share: list[OpenStep]
) -> dict[int, tuple[str, ...]]:
    """The rungs due now for each deadline that has any."""
    given: dict[int, set[str]] = defaultdict(set)
    query = select(Reminder.deadline_id, Reminder.rung).where(Reminder.officer_id == recipient.officer_id)
    for deadline_id, rung in session.exec(query):
        given[deadline_id].add(rung)
    ladder = settings.reminders.ladder
    due = {
        step.deadline_id: to_give(step.step, step.days_left, ladder, frozenset(given[step.deadline_id]))
        for step in share
    }
    return {deadline_id: rungs for deadline_id, rungs in due.items() if rungs}
