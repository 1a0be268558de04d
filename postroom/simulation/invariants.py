"""What must hold of any database, however its cases came to be: each check yields a line for whatever breaks it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from postroom.casework.deadlines import steps_now
from postroom.casework.history import broken_histories
from postroom.casework.reading import NOT_YET, done_in, first_message
from postroom.casework.working_days import calendar_of
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import MailState, OutgoingMail, Reminder
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage
from postroom.notifications.case_letters import last_message, reach_of
from postroom.notifications.decisions import TOLD, ours_to_tell
from postroom.notifications.outbox import Kind
from postroom.notifications.owed import CaseFacts, LetterOwed, Purpose, Way, letter_owed, way_to
from postroom.notifications.rungs import in_window


@dataclass(frozen=True)
class Books:
    """A database at a moment, to be looked through."""

    session: Session
    settings: Settings
    now: datetime


def deadlines_unaccounted_for(books: Books) -> Iterator[str]:
    """Steps of an open case that are neither met nor open, steps done that don't count as met, and steps that a closed
    case still has open."""
    session = books.session
    references = dict(session.exec(select(Case.id, Case.reference)).all())
    deadlines = {(each.case_id, each.stage, each.step): each for each in session.exec(select(Deadline))}
    for stage in session.exec(select(CaseStage)):
        for step, moment in done_in(stage).items():
            found = deadlines.get((stage.case_id, stage.stage, step))
            if found is not None and (found.state != DeadlineState.MET or found.met_at != moment):
                yield f"{references[stage.case_id]}: {step} of {stage.stage} was done, but is {found.state}"
    still_open = select(Case).join(Deadline, col(Deadline.case_id) == Case.id)
    for case in session.exec(still_open.where(Case.status != CaseStatus.OPEN, col(Deadline.state).in_(NOT_YET))):
        yield f"{case.reference}: it is {case.status}, but a step is still open"
    for case in session.exec(select(Case).where(Case.status == CaseStatus.OPEN)):
        for due in steps_now(session, case, books.settings):
            found = deadlines.get((case.id or 0, due.stage, due.step))
            if found is None or found.state == DeadlineState.CANCELLED:
                yield f"{case.reference}: {due.step} is due on {due.due_on}, but nobody would notice"
            elif found.state == DeadlineState.OPEN and found.due_on != due.due_on:
                yield f"{case.reference}: {due.step} is due on {due.due_on}, but {found.due_on} is kept"


def reminders_given_twice(books: Books) -> Iterator[str]:
    """A rung given twice to one person, two digests on one day, and a digest outside a working morning."""
    session = books.session
    given = select(Reminder.about, Reminder.rung, Reminder.officer_id, func.count())
    query = given.group_by(col(Reminder.about), col(Reminder.rung), col(Reminder.officer_id)).having(func.count() > 1)
    for about, rung, officer_id, number in session.exec(query):
        yield f"{about}: {rung} was given {number} times to officer {officer_id}"
    calendar, days = calendar_of(books.settings), Counter[tuple[str, str]]()
    mails = select(OutgoingMail.recipient, OutgoingMail.created_at).where(OutgoingMail.kind == Kind.DIGEST)
    for recipient, created_at in session.exec(mails):
        days[recipient, f"{calendar.local_day(created_at)}"] += 1
        if not in_window(created_at, books.settings.reminders, calendar):
            yield f"{recipient}: a digest was written at {created_at:%a %d %b %Y %H:%M}"
    yield from (f"{who}: {number} digests on {day}" for (who, day), number in days.items() if number > 1)
    addressed = (
        select(Reminder.about, Officer.email)
        .join(OutgoingMail, col(OutgoingMail.id) == Reminder.outgoing_mail_id)
        .join(Officer, col(Officer.id) == Reminder.officer_id)
        .where(OutgoingMail.recipient != Officer.email)
    )
    yield from (f"{about}: its reminder went to somebody else than {who}" for about, who in session.exec(addressed))


def broken_chains(books: Books) -> Iterator[str]:
    """Histories that do not hold together."""
    yield from broken_histories(books.session)


def letters_not_written(books: Books) -> Iterator[str]:
    """Letters that are owed now and were not written, and stages that count as acknowledged though nobody did it."""
    session, settings = books.session, books.settings
    mails = _acknowledgements(session)
    waiting = select(Case).where(Case.status == CaseStatus.OPEN, col(Case.acknowledged_at).is_(None))
    for case in session.exec(waiting):
        owed = letter_owed(_facts(session, case), settings)
        if isinstance(owed, LetterOwed) and not mails[owed.case_id, owed.stage]:
            yield f"{case.reference}: {owed.letter} is owed, but was not written"
    for purpose in TOLD:
        for row in ours_to_tell(session, purpose, settings, books.now):
            case = session.get_one(Case, row.case_id)
            if isinstance(way_to(reach_of(session, case, last_message(session, case))), Way):
                yield f"{case.reference}: a letter ({purpose}) is owed, but was not written"
    sent = (
        select(OutgoingMail, Case)
        .join(Case, col(Case.id) == OutgoingMail.case_id)
        .where(OutgoingMail.purpose == Purpose.ACKNOWLEDGEMENT, OutgoingMail.state == MailState.SENT)
    )
    acknowledged = {
        (stage.case_id, stage.stage) for stage in session.exec(select(CaseStage)) if stage.acknowledged_at is not None
    }
    for mail, case in session.exec(sent):
        if case.status == CaseStatus.OPEN and case.stage == mail.stage and (case.id, mail.stage) not in acknowledged:
            yield f"{case.reference}: {mail.letter} was sent, but the case is not acknowledged"


def letters_written_twice(books: Books) -> Iterator[str]:
    """Stages acknowledged by two letters, and two mails that are the same."""
    for (case_id, stage), number in _acknowledgements(books.session).items():
        if number > 1:
            yield f"{books.session.get_one(Case, case_id).reference}: {number} letters acknowledge {stage}"
    for column in (col(OutgoingMail.once), col(OutgoingMail.message_id)):
        twice = select(column, func.count()).group_by(column).having(func.count() > 1)
        yield from (f"{key}: {number} mails" for key, number in books.session.exec(twice))


CHECKS: dict[str, Callable[[Books], Iterator[str]]] = {
    "every deadline is accounted for": deadlines_unaccounted_for,
    "no reminder was given twice, nor outside a working morning": reminders_given_twice,
    "every history holds together": broken_chains,
    "every letter that is owed was written": letters_not_written,
    "no letter was written twice": letters_written_twice,
}


def check(books: Books) -> dict[str, list[str]]:
    """What breaks each of the checks, by what ought to hold."""
    return {name: list(broken(books)) for name, broken in CHECKS.items()}


def _acknowledgements(session: Session) -> dict[tuple[int, str], int]:
    """How many letters acknowledge a stage of a case, without those that were taken back."""
    query = (
        select(OutgoingMail.case_id, OutgoingMail.stage, func.count())
        .where(OutgoingMail.purpose == Purpose.ACKNOWLEDGEMENT, OutgoingMail.state != MailState.WITHDRAWN)
        .group_by(col(OutgoingMail.case_id), col(OutgoingMail.stage))
    )
    found: dict[tuple[int, str], int] = defaultdict(int)
    for case_id, stage, number in session.exec(query):
        found[case_id or 0, stage] = number
    return found


def _facts(session: Session, case: Case) -> CaseFacts:
    assert case.id is not None
    return CaseFacts(
        case_id=case.id,
        open=True,
        acknowledged=False,
        procedure=case.procedure,
        stage=case.stage,
        exclusion=case.exclusion,
        reach=reach_of(session, case, first_message(session, case)),
    )
