"""The stages that a case went through, the requests for them, and the extensions of their steps."""

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import maybe_moment, moment


class CaseStage(SQLModel, table=True):
    """One stage that a case is in or was in, with its clocks. The running stage's stand on the case too."""

    __tablename__ = "case_stage"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    number: int = Field(description="1 for the first")
    stage: str = Field(description="its id in the configuration")
    began_at: datetime = moment(description="when the case was received, or the stage was requested")
    acknowledged_at: datetime | None = maybe_moment()
    statement_agreed_at: datetime | None = maybe_moment()
    adjudicated_at: datetime | None = maybe_moment()
    panel_met_at: datetime | None = maybe_moment()
    panel_reported_at: datetime | None = maybe_moment()
    responded_at: datetime | None = maybe_moment()
    responder_id: int | None = Field(default=None, foreign_key="officer.id", description="the officer who answered")
    outcome: str = ""
    lesson: str = Field(default="", description="what was learnt at it, in words, or declined or not_applicable")
    window_ends_on: date | None = Field(default=None, index=True, description="the last day to ask for the next stage")


class StageRequest(SQLModel, table=True):
    """Somebody asked for the next stage, and what an officer decided."""

    __tablename__ = "stage_request"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    stage: str = Field(description="the id of the stage that was asked for")
    requested_at: datetime = moment(index=True)
    decided_at: datetime = moment(index=True)
    officer_id: int = Field(foreign_key="officer.id")
    accepted: bool
    late: bool = Field(description="asked for after the window had closed")
    reason: str = Field(default="", description="why it was refused, or accepted though late")


class Extension(SQLModel, table=True):
    """One putting-off of one step."""

    __tablename__ = "extension"

    id: int | None = Field(default=None, primary_key=True)
    deadline_id: int = Field(foreign_key="deadline.id", index=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    made_at: datetime = moment(index=True)
    officer_id: int = Field(foreign_key="officer.id")
    days: int = Field(description="working days")
    reason: str
    told: str = Field(default="", description="how the person was told otherwise; empty: by our letter")
    due_before: date
    due_after: date
