"""What a case is and whose: an officer confirms it, corrects it, or gives it to another team.

Every function works in the session it is given and leaves the commit to its caller.
"""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from postroom.casework.deadlines import local_day, set_deadlines
from postroom.casework.history import record
from postroom.casework.labels import Labels, check
from postroom.casework.moves import Move
from postroom.casework.procedures import procedure_for, procedures_taking
from postroom.casework.reading import check_move, find_case, first_message, officer, stages_of
from postroom.models.case import Case, CaseStatus, Decision
from postroom.models.failures import ImpossibleMove
from postroom.models.message import Message, Suggestion
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage


def confirm(
    session: Session,
    case_id: int,
    labels: Labels,
    *,
    officer_id: int,
    settings: Settings,
    now: datetime,
    procedure: str | None = None,
) -> Case:
    """An officer says what a case is: its first message's labels become facts and its deadlines start. `procedure` is
    the one that the officer chose; the one that fits type and team where none is named.

    Confirming again corrects it: the type's history stays, deadlines follow the new procedure, and the event shows the
    dates before and after.
    """
    check(labels, settings)
    case = find_case(session, case_id)
    corrected = case.status != CaseStatus.AWAITING
    check_move(session, case, Move.CORRECT if corrected else Move.CONFIRM, settings=settings)
    chosen = _procedure(procedure, labels, settings)
    before = _labels_of(case)
    _keep_decision(session, case, first_message(session, case), labels, officer_id, now)
    case.type, case.category, case.team = labels.type, labels.category, labels.team
    case.exclusion, case.at_risk = labels.exclusion, labels.at_risk
    case.initial_type = case.initial_type or labels.type
    case.sealed = case.sealed_by_hand or settings.is_sealed(labels.team)
    case.confirmed_at = case.confirmed_at or now
    case.status = CaseStatus.OPEN
    _follow(session, case, chosen, settings)
    session.add(case)
    moved = set_deadlines(session, case, settings)
    record(
        session,
        case,
        kind="corrected" if corrected else "confirmed",
        summary=_confirmed_as(labels, corrected, settings) + moved.words,
        actor=officer(officer_id),
        now=now,
        before={**before, "deadlines": moved.before},
        after={**_labels_of(case), "deadlines": moved.after},
    )
    return case


def reassign(
    session: Session, case_id: int, team: str, *, reason: str, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """Give an open case to another team whose cases follow the same procedure; dates follow the team's limits."""
    case = find_case(session, case_id)
    check_move(session, case, Move.REASSIGN, settings=settings)
    if team not in settings.teams:
        raise ImpossibleMove(f"Choose a team; there is none called {team or 'nothing'}.")
    if team == case.team:
        raise ImpossibleMove(f"{case.reference} is with {settings.teams[team].name} already.")
    proposed = procedure_for(settings, case.type, team)
    if proposed not in (case.procedure, procedure_for(settings, case.type, case.team)):
        name = settings.procedures[proposed].name
        raise ImpossibleMove(f'Cases of {settings.teams[team].name} follow "{name}". Correct what the case is instead.')
    if not reason.strip():
        raise ImpossibleMove("Say why the case goes to another team.")
    before = {"team": case.team, "sealed": case.sealed}
    case.team, case.sealed = team, case.sealed_by_hand or settings.is_sealed(team)
    session.add(case)
    moved = set_deadlines(session, case, settings)
    record(
        session,
        case,
        kind="reassigned",
        summary=f"Given to {settings.teams[team].name}{moved.words}",
        actor=officer(officer_id),
        now=now,
        before={**before, "deadlines": moved.before},
        after={"team": team, "sealed": case.sealed, "deadlines": moved.after},
        words=reason.strip(),
    )
    return case


def note_incident(
    session: Session,
    case_id: int,
    on: date,
    *,
    late_reason: str = "",
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """Record when it happened. Where that is longer ago than `casework.made_within_months`, taking the complaint up all
    the same is an officer's decision, so it needs a reason."""
    case = find_case(session, case_id)
    check_move(session, case, Move.NOTE_INCIDENT, settings=settings)
    received = local_day(settings, case.received_at)
    if on > received:
        raise ImpossibleMove("It can't have happened after the case was received.")
    months = (received.year - on.year) * 12 + received.month - on.month - (received.day < on.day)
    late = months >= settings.casework.made_within_months
    if late and not late_reason.strip():
        within = settings.casework.made_within_months
        raise ImpossibleMove(f"It happened more than {within} months before. Say why it is taken up all the same.")
    before = case.incident_on
    case.incident_on = on
    session.add(case)
    record(
        session,
        case,
        kind="incident noted",
        summary=f"Happened on {on.isoformat()}" + (", taken up though late" if late else ""),
        actor=officer(officer_id),
        now=now,
        before={"incident_on": before.isoformat() if before else None},
        after={"incident_on": on.isoformat(), "late": late},
        words=late_reason.strip(),
    )
    return case


def _procedure(chosen: str | None, labels: Labels, settings: Settings) -> str:
    if chosen is None:
        return procedure_for(settings, labels.type, labels.team)
    taking = procedures_taking(settings, labels.type)
    if chosen not in taking:
        raise ImpossibleMove(f"Choose a procedure that takes the type {labels.type}: {', '.join(taking)}.")
    return chosen


def _follow(session: Session, case: Case, procedure: str, settings: Settings) -> None:
    """Put a case into the stage of `procedure` with the number of the one that it is in, or into the first."""
    stages = stages_of(session, case)
    configured = settings.procedures[procedure].stages
    if len(stages) > len(configured):
        name = settings.procedures[procedure].name
        raise ImpossibleMove(f'{case.reference} is in stage {len(stages)}, which "{name}" does not have.')
    if not stages:
        assert case.id is not None
        stages = [CaseStage(case_id=case.id, number=1, stage=configured[0].id, began_at=case.received_at)]
    for stage, becomes in zip(stages, configured, strict=False):
        stage.stage = becomes.id
        session.add(stage)
    case.procedure, case.stage, case.stage_number = procedure, stages[-1].stage, stages[-1].number


def _labels_of(case: Case) -> dict[str, Any]:
    names = ("status", "type", "category", "team", "exclusion", "at_risk", "procedure", "stage")
    return {name: getattr(case, name) for name in names}


def _confirmed_as(labels: Labels, corrected: bool, settings: Settings) -> str:
    category = "" if labels.category == "none" else f", {labels.category}"
    what = f"{labels.type}{category}".replace("_", " ")
    return f"{'Corrected to' if corrected else 'Confirmed as'} {what} for {settings.teams[labels.team].name}"


def _keep_decision(
    session: Session, case: Case, message: Message, labels: Labels, officer_id: int, now: datetime
) -> None:
    """Keep what was suggested beside what was chosen: training and the accuracy report learn from it."""
    newest = select(Suggestion).where(Suggestion.message_id == message.id).order_by(col(Suggestion.id).desc()).limit(1)
    suggestion = session.exec(newest).first()
    assert case.id is not None
    assert message.id is not None
    session.add(
        Decision(
            case_id=case.id,
            message_id=message.id,
            suggestion_id=suggestion.id if suggestion else None,
            officer_id=officer_id,
            decided_at=now,
            **asdict(labels),
        )
    )
