"""What stands on the ladder today. Each question is asked of an index over dates, so that it costs what stands there
and not what is open."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from postroom.casework.procedures import STEP_WORDS, procedure_for
from postroom.casework.working_days import calendar_of
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState, Event, Person
from postroom.models.failures import ImpossibleMove
from postroom.models.message import Message, Suggestion
from postroom.models.outcome import LearningAction
from postroom.models.procedure_settings import SETS
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage
from postroom.notifications.rungs import (
    OnLadder,
    Whom,
    days_ago,
    escalated,
    horizon,
    in_days,
    monthly,
    reached,
    standing,
    step_reached,
    window_reached,
)

LOOK_BACK = timedelta(days=28)
"""How long after its day a rung without a next one is still found: what a machine that slept for longer than this has
missed does not come any more."""

_OPEN = func.coalesce(col(Case.status), "") == CaseStatus.OPEN
_NOT_JOINED = func.coalesce(col(Person.joined_into_id), 0) == 0
"""Conditions that no index answers: SQLite would begin with all that are open, or with everybody, and not with the few
of the dates that are asked for."""

MANY = 500
"""As many keys as one query takes."""


def on_ladder(session: Session, settings: Settings, now: datetime) -> list[OnLadder]:
    """Everything that has reached a rung, the most urgent first."""
    today = calendar_of(settings).local_day(now)
    asked = (_steps, _awaiting, _windows, _inactive, _actions, _restrictions)
    found = [each for ask in asked for each in ask(session, settings, today) if each.rungs]
    return sorted(found, key=lambda each: (each.days_left, each.about))


def _steps(session: Session, settings: Settings, today: date) -> Iterator[OnLadder]:
    """Steps of open cases, for their managers, and late ones for those above."""
    calendar, ladder = calendar_of(settings), settings.reminders.ladder
    until = horizon(today, calendar, *(getattr(ladder, step) for step in SETS))
    query = (
        select(Deadline, Case)
        .join(Case, col(Case.id) == Deadline.case_id)
        .where(Deadline.state == DeadlineState.OPEN, Deadline.due_on <= until, Case.status == CaseStatus.OPEN)
    )
    for deadline, case in session.exec(query):
        days_left = calendar.days_left(deadline.due_on, today)
        step: dict[str, Any] = {
            "about": f"case:{case.id}:{deadline.stage}:{deadline.step}:{deadline.due_on}",
            "days_left": days_left,
            "to_do": STEP_WORDS[deadline.step],
            "due_on": deadline.due_on,
            "standing": standing(days_left),
        }
        yield _of(case, whom=Whom.TEAM, rungs=step_reached(deadline.step, days_left, ladder), **step)
        yield _of(case, whom=Whom.ABOVE, rungs=escalated(days_left, ladder), **step)


def _awaiting(session: Session, settings: Settings, today: date) -> Iterator[OnLadder]:
    """Cases that nobody has confirmed: they wait, and their acknowledgement is due all the same, by the procedure that
    is suggested or else by the shortest limit there is."""
    calendar, ladder = calendar_of(settings), settings.reminders.ladder
    query = select(Case).where(
        Case.status == CaseStatus.AWAITING, Case.received_at < calendar.end_of(days_ago(today, 1, calendar))
    )
    cases = list(session.exec(query))
    suggestions = _suggestions(session, [case.id for case in cases if case.id is not None])
    for case in cases:
        waited = len(calendar.working_days(calendar.day_0(case.received_at), today))
        yield _of(
            case,
            about=f"case:{case.id}:untriaged",
            whom=Whom.CUSTOMER_RELATIONS,
            rungs=("untriaged",) if ladder.untriaged_after and waited >= ladder.untriaged_after else (),
            days_left=0,
            to_do="confirm what it is",
            standing=f"waiting for {in_days(waited)}",
        )
        stage, limit = _acknowledged_within(settings, suggestions.get(case.id or 0))
        due_on = calendar.add(calendar.day_0(case.received_at), limit)
        days_left = calendar.days_left(due_on, today)
        yield _of(
            case,
            about=f"case:{case.id}:{stage}:acknowledge:{due_on}",
            whom=Whom.CUSTOMER_RELATIONS,
            rungs=step_reached("acknowledge", days_left, ladder),
            days_left=days_left,
            to_do="confirm what it is and acknowledge",
            due_on=due_on,
            standing=standing(days_left),
        )


def _windows(session: Session, settings: Settings, today: date) -> Iterator[OnLadder]:
    """Open cases that were answered and for which the time to ask for the next stage ends."""
    calendar, ladder = calendar_of(settings), settings.reminders.ladder
    query = (
        select(col(CaseStage.window_ends_on), Case)
        .join(Case, col(Case.id) == CaseStage.case_id)
        .where(
            col(CaseStage.window_ends_on).between(today - LOOK_BACK, horizon(today, calendar, ladder.window)),
            CaseStage.number == Case.stage_number,
            _OPEN,
        )
    )
    for ends_on, case in session.exec(query):
        assert ends_on is not None
        days_left = calendar.days_left(ends_on, today)
        yield _of(
            case,
            about=f"case:{case.id}:{case.stage}:window:{ends_on}",
            whom=Whom.TEAM,
            rungs=window_reached(days_left, ladder),
            days_left=days_left,
            to_do="close it, unless the next stage is asked for",
            due_on=ends_on,
            standing=standing(days_left) if days_left >= 0 else "that time is over",
        )


def _inactive(session: Session, settings: Settings, today: date) -> Iterator[OnLadder]:
    """Open cases whose last event was so many working days ago, unless the person may still ask for the next stage."""
    calendar, after = calendar_of(settings), settings.reminders.ladder.inaction_after
    if after is None:
        return
    last_day = days_ago(today, after, calendar)
    window = select(CaseStage.id).where(
        CaseStage.case_id == Case.id,
        CaseStage.number == Case.stage_number,
        col(CaseStage.window_ends_on).is_not(None),
    )
    query = (
        select(Event.at, Case)
        .join(Case, col(Case.id) == Event.case_id)
        .where(
            col(Event.at) >= calendar.end_of(last_day - LOOK_BACK),
            col(Event.at) < calendar.end_of(last_day),
            Event.number == Case.version,
            _OPEN,
            ~window.exists(),
        )
    )
    for at, case in session.exec(query):
        yield _of(
            case,
            about=f"case:{case.id}:inaction:{case.version}",
            whom=Whom.TEAM,
            rungs=("inaction",),
            days_left=0,
            to_do="see why nothing happens",
            standing=f"nothing for {in_days(len(calendar.working_days(calendar.local_day(at), today)))}",
        )


def _actions(session: Session, settings: Settings, today: date) -> Iterator[OnLadder]:
    """Actions that are not done: before their date, and every month."""
    calendar, ladder = calendar_of(settings), settings.reminders.ladder
    query = (
        select(LearningAction, Case)
        .join(Case, col(Case.id) == LearningAction.case_id)
        .where(col(LearningAction.done_at).is_(None))
    )
    for action, case in session.exec(query):
        days_left = calendar.days_left(action.due_on, today)
        for rungs in (
            reached(ladder.learning_action, days_left),
            monthly(calendar.local_day(action.created_at), today),
        ):
            yield _of(
                case,
                about=f"action:{action.id}:{action.due_on}",
                whom=Whom.OWNER,
                rungs=rungs,
                days_left=days_left,
                to_do="do what was agreed so that it does not happen again",
                due_on=action.due_on,
                standing=standing(days_left),
                owner_id=action.owner_id,
            )


def _restrictions(session: Session, settings: Settings, today: date) -> Iterator[OnLadder]:
    """Restrictions of contact that are to be reviewed, shown by the person's newest case."""
    calendar, wanted = calendar_of(settings), settings.reminders.ladder.restriction
    newest = select(func.max(Case.id)).where(Case.person_id == Person.id).correlate(Person).scalar_subquery()
    query = (
        select(col(Person.id), col(Person.restriction_review_on), Case)
        .join(Case, col(Case.id) == newest)
        .where(
            col(Person.restriction_review_on) <= horizon(today, calendar, wanted),
            Person.restriction != "",
            _NOT_JOINED,
        )
    )
    for person_id, review_on, case in session.exec(query):
        assert review_on is not None
        days_left = calendar.days_left(review_on, today)
        yield _of(
            case,
            about=f"restriction:{person_id}:{review_on}",
            whom=Whom.CUSTOMER_RELATIONS,
            rungs=reached(wanted, days_left) + monthly(review_on, today),  # months begin where the others end
            days_left=days_left,
            to_do="review the restriction of contact with its person",
            due_on=review_on,
            standing=standing(days_left),
        )


def _of(case: Case, *, due_on: date | None = None, owner_id: int | None = None, **values: Any) -> OnLadder:
    """Something about `case`. What nobody has confirmed may be sealed yet, so it is confidential too."""
    awaiting = case.status == CaseStatus.AWAITING
    return OnLadder(
        reference=case.reference,
        subject=case.subject,
        type=case.type.replace("_", " "),
        team=case.team,
        confidential=case.sealed or awaiting,
        due_on=due_on,
        owner_id=owner_id,
        **values,
    )


def _suggestions(session: Session, case_ids: list[int]) -> dict[int, Suggestion]:
    """The newest suggestion for the first message of each case that has any."""
    found: dict[int, Suggestion] = {}
    for start in range(0, len(case_ids), MANY):
        query = (
            select(Message.case_id, Suggestion)
            .join(Suggestion, col(Suggestion.message_id) == Message.id)
            .where(col(Message.case_id).in_(case_ids[start : start + MANY]))
            .order_by(col(Message.id).desc(), col(Suggestion.id))
        )
        found |= {case_id: suggestion for case_id, suggestion in session.exec(query) if case_id is not None}
    return found


def _acknowledged_within(settings: Settings, suggestion: Suggestion | None) -> tuple[str, int]:
    """The first stage, and the working days to acknowledge, by what is suggested, else by the shortest limit."""
    if suggestion is not None and suggestion.type:
        try:
            stage = settings.procedures[procedure_for(settings, suggestion.type, suggestion.team)].stages[0]
        except ImpossibleMove:  # the type is gone from the configuration
            stage = None
        if stage is not None and stage.acknowledge is not None:
            service = settings.teams[suggestion.team].service if suggestion.team in settings.teams else ""
            return stage.id, stage.acknowledge.limit_for(service, suggestion.team, suggestion.category)
    firsts = [procedure.stages[0] for procedure in settings.procedures.values()]
    return min(((s.id, s.acknowledge.limit) for s in firsts if s.acknowledge), key=lambda f: f[1], default=("", 0))
