"""Which procedure a case follows: proposed from type and team, chosen by the officer, changed with a reason."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from postroom.casework.deadlines import set_deadlines
from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.papers import Papers
from postroom.casework.procedures import procedure_for, procedures_taking
from postroom.casework.reading import check_move, find_case, officer
from postroom.models.case import Case, Deadline
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import Element, ElementOutcome, Finding, LearningAction, OmbudsmanReferral, Payment
from postroom.models.person import Consent
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage

_BY_STAGE: tuple[Any, ...] = (Deadline, Consent, Finding, LearningAction, Payment, OmbudsmanReferral)


def change_procedure(
    session: Session,
    case_id: int,
    procedure: str,
    *,
    reason: str,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """Let an open case follow another procedure that takes its type. What is done stays done; the deadlines become
    those of the new one, and the event says why and shows the dates before and after."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.CORRECT, settings=settings)
    chosen = choose(procedure, case.type, case.team, settings)
    if chosen == case.procedure:
        raise ImpossibleMove(f'{case.reference} follows "{settings.procedures[chosen].name}" already.')
    if not reason.strip():
        raise ImpossibleMove("Say why it follows another procedure.")
    before = {"procedure": case.procedure, "stage": case.stage}
    follow(papers, chosen, settings)
    moved = set_deadlines(papers, settings)
    record(
        session,
        case,
        kind="procedure changed",
        summary=f"Now by {settings.procedures[chosen].name}{moved.words}",
        actor=officer(officer_id),
        now=now,
        before={**before, "deadlines": moved.before},
        after={"procedure": chosen, "stage": case.stage, "deadlines": moved.after},
        words=reason.strip(),
    )
    return case


def choose(chosen: str | None, type_: str, team: str, settings: Settings) -> str:
    """The procedure that an officer chose, or the one to propose. Raises `ImpossibleMove` where it does not take the
    type."""
    if chosen is None:
        return procedure_for(settings, type_, team)
    taking = procedures_taking(settings, type_)
    if chosen not in taking:
        raise ImpossibleMove(f"Choose a procedure that takes the type {type_}: {', '.join(taking)}.")
    return chosen


def follow(papers: Papers, procedure: str, settings: Settings) -> None:
    """Put a case into the stage of `procedure` with the number of the one that it is in, or into the first. All that
    belongs to a stage goes with it. The caller sets the deadlines and records it."""
    session, case, stages = papers.session, papers.case, papers.stages
    configured = settings.procedures[procedure].stages
    if len(stages) > len(configured):
        name = settings.procedures[procedure].name
        raise ImpossibleMove(f'{case.reference} is in stage {len(stages)}, which "{name}" does not have.')
    if not stages:
        assert case.id is not None
        stages.append(CaseStage(case_id=case.id, number=1, stage=configured[0].id, began_at=case.received_at))
    for stage, becomes in reversed(list(zip(stages, configured, strict=False))):
        if stage.stage != becomes.id:
            _rename(session, case, stage.stage, becomes.id)
            stage.stage = becomes.id
        session.add(stage)
    case.procedure, case.stage, case.stage_number = procedure, stages[-1].stage, stages[-1].number


def _rename(session: Session, case: Case, stage: str, becomes: str) -> None:
    session.flush()
    for table in _BY_STAGE:
        here = update(table).where(table.case_id == case.id, table.stage == stage)
        session.connection().execute(here.values(stage=becomes))
    elements = select(Element.id).where(Element.case_id == case.id)
    answers = update(ElementOutcome).where(col(ElementOutcome.element_id).in_(elements))
    session.connection().execute(answers.where(col(ElementOutcome.stage) == stage).values(stage=becomes))
    for each in session.identity_map.values():
        if isinstance(each, (*_BY_STAGE, ElementOutcome)):
            session.expire(each)
