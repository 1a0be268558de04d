"""What a resident sees of their own case: where it stands and its dates, and nothing of what anybody wrote."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine
from sqlmodel import col, select

from postroom.casework.reading import surviving_case
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState
from postroom.models.database import open_session
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage

ANSWERING = "respond"


@dataclass(frozen=True)
class StageDates:
    """One stage. `answer_by` is the date promised, where one is and no answer was given."""

    name: str
    began_at: datetime
    acknowledged_at: datetime | None
    answer_by: date | None
    answered_at: datetime | None


@dataclass(frozen=True)
class Followed:
    reference: str
    state: str
    """In a resident's words."""
    received_at: datetime
    closed_at: datetime | None
    stages: list[StageDates]


def followed(engine: Engine, case_id: int, settings: Settings) -> Followed:
    """Where the case stands; of one that was merged, the case that it is part of now."""
    with open_session(engine, read_only=True) as session:
        asked = session.get_one(Case, case_id)
        case = surviving_case(session, case_id)
        stages = session.exec(
            select(CaseStage).where(CaseStage.case_id == case.id).order_by(col(CaseStage.number))
        ).all()
        due = session.exec(
            select(Deadline).where(
                Deadline.case_id == case.id, Deadline.step == ANSWERING, Deadline.state == DeadlineState.OPEN
            )
        ).all()
    by_stage: dict[str, date] = {deadline.stage: deadline.due_on for deadline in due}
    return Followed(
        reference=asked.reference,
        state=_state(case),
        received_at=asked.received_at,
        closed_at=case.closed_at,
        stages=[_dates(stage, case, by_stage, settings) for stage in stages],
    )


def _dates(stage: CaseStage, case: Case, by_stage: dict[str, date], settings: Settings) -> StageDates:
    return StageDates(
        settings.stage_name(case.procedure, stage.stage),
        stage.began_at,
        stage.acknowledged_at,
        None if stage.responded_at else by_stage.get(stage.stage),
        stage.responded_at,
    )


def _state(case: Case) -> str:
    states: dict[Any, str] = {
        CaseStatus.AWAITING: "We have your message. An officer has not read it yet.",
        CaseStatus.CLOSED: "Your case is closed.",
    }
    if case.status in states:
        return states[case.status]
    return "We have answered you." if case.responded_at else "We are looking into it."
