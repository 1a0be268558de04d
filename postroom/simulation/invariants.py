"""What must hold of any database, however its cases came to be: each check yields a line for whatever breaks it."""

from collections import Counter
from collections.abc import Callable, Iterator

from sqlmodel import col, func, select

from postroom.casework.deadlines import steps_now
from postroom.casework.history import broken_histories
from postroom.casework.reading import NOT_YET, done_in
from postroom.casework.working_days import calendar_of
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState
from postroom.models.officer import Officer
from postroom.models.outgoing_mail import OutgoingMail, Reminder
from postroom.models.stage import CaseStage
from postroom.notifications.outbox import Kind
from postroom.notifications.rungs import in_window
from postroom.simulation.books import Books
from postroom.simulation.invariants_of_letters import (
    changes_without_letter,
    letters_not_sent,
    letters_not_written,
    letters_written_twice,
)

AT_ONCE = 500
"""How many rows are held in memory, where all are looked through."""


def deadlines_unaccounted_for(books: Books) -> Iterator[str]:
    """Steps done that don't count as met and the other way round, steps still open that nobody can do any more, and
    steps of an open case that nobody would notice."""
    yield from _done_or_met_alone(books)
    yield from _open_for_ever(books)
    yield from _due_unnoticed(books)


def reminders_given_twice(books: Books) -> Iterator[str]:
    """A rung given twice to one person or by no mail to them, two digests on one day, and a digest outside a working
    morning."""
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
        select(Reminder.about, Officer.email, OutgoingMail.recipient)
        .join(Officer, col(Officer.id) == Reminder.officer_id)
        .outerjoin(OutgoingMail, col(OutgoingMail.id) == Reminder.outgoing_mail_id)
    )
    for about, email, recipient in session.exec(addressed):
        if recipient != email:
            yield f"{about}: {email} was to be reminded, but {recipient or 'nobody'} was"


def broken_chains(books: Books) -> Iterator[str]:
    """Histories that do not hold together."""
    yield from broken_histories(books.session)


CHECKS: dict[str, Callable[[Books], Iterator[str]]] = {
    "every deadline is accounted for": deadlines_unaccounted_for,
    "no reminder was given twice, nor outside a working morning": reminders_given_twice,
    "every history holds together": broken_chains,
    "every letter that is owed was written": letters_not_written,
    "every acknowledgement, response and decision has the letter that tells of it": changes_without_letter,
    "every letter was sent": letters_not_sent,
    "no letter was written twice": letters_written_twice,
}


def check(books: Books) -> dict[str, list[str]]:
    """What breaks each of the checks, by what ought to hold."""
    return {name: list(broken(books)) for name, broken in CHECKS.items()}


def _done_or_met_alone(books: Books) -> Iterator[str]:
    references = books.references()
    kept = {
        (each.case_id, each.stage, each.step): (each.state, each.met_at)
        for each in books.session.exec(select(Deadline).execution_options(yield_per=AT_ONCE))
    }
    limited = _steps_with_limit(books)
    done = {
        (stage.case_id, stage.stage, step): moment
        for stage in books.session.exec(select(CaseStage).execution_options(yield_per=AT_ONCE))
        for step, moment in done_in(stage).items()
    }
    for (case_id, stage, step), moment in done.items():
        found = kept.get((case_id, stage, step))
        if found is None and (case_id, stage, step) in limited:
            yield f"{references[case_id]}: {step} of {stage} was done, but it has no deadline"
        elif found is not None and found != (DeadlineState.MET, moment):
            state, met_at = found
            yield f"{references[case_id]}: {step} of {stage} was done at {moment}, but is {state}, {met_at}"
    for (case_id, stage, step), (state, _) in kept.items():
        if state == DeadlineState.MET and (case_id, stage, step) not in done:
            yield f"{references[case_id]}: {step} of {stage} counts as met, but was not done"


def _steps_with_limit(books: Books) -> set[tuple[int, str, str]]:
    """The steps that the procedures of cases give a limit to, in all stages that a case went through."""
    stages = select(CaseStage.case_id, CaseStage.stage, Case.procedure)
    found: set[tuple[int, str, str]] = set()
    for case_id, id_, name in books.session.exec(stages.join(Case, col(Case.id) == CaseStage.case_id)):
        procedure = books.settings.procedures.get(name)
        stage = procedure.stage(id_) if procedure else None
        found.update((case_id, id_, step) for step in (stage.steps if stage else ()))
    return found


def _open_for_ever(books: Books) -> Iterator[str]:
    still_open = select(Case, Deadline).join(Deadline, col(Deadline.case_id) == Case.id)
    for case, deadline in books.session.exec(still_open.where(col(Deadline.state).in_(NOT_YET))):
        if case.status != CaseStatus.OPEN or case.stage != deadline.stage:
            where = f"the case is {case.status} in {case.stage or 'no stage'}"
            yield f"{case.reference}: {deadline.step} of {deadline.stage} is still open, but {where}"


def _due_unnoticed(books: Books) -> Iterator[str]:
    session = books.session
    for case in session.exec(select(Case).where(Case.status == CaseStatus.OPEN)):
        kept = {
            (each.stage, each.step): each for each in session.exec(select(Deadline).where(Deadline.case_id == case.id))
        }
        for due in steps_now(session, case, books.settings):
            found = kept.get((due.stage, due.step))
            if found is None or found.state == DeadlineState.CANCELLED:
                yield f"{case.reference}: {due.step} is due on {due.due_on}, but nobody would notice"
            elif found.state == DeadlineState.OPEN and found.due_on != due.due_on:
                yield f"{case.reference}: {due.step} is due on {due.due_on}, but {found.due_on} is kept"
