"""What came of a case: its elements, outcomes, causes, remedies, lessons, costs, and what the Ombudsman decided."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import json_column, maybe_moment, moment


class Element(SQLModel, table=True):
    """One separable point of a complaint."""

    __tablename__ = "element"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    number: int = Field(description="1 for the case's first; kept when another one leaves")
    text: str = Field(description="the point, in an officer's words")
    created_at: datetime = moment()
    moved_to_id: int | None = Field(default=None, foreign_key="feedback_case.id", description="the case made from it")


class ElementOutcome(SQLModel, table=True):
    """What one stage made of one element."""

    __tablename__ = "element_outcome"
    __table_args__ = (UniqueConstraint("element_id", "stage"),)

    id: int | None = Field(default=None, primary_key=True)
    element_id: int = Field(foreign_key="element.id", index=True)
    stage: str
    outcome: str
    answer: str = Field(default="", description="the answer to this point, for the letter")


class FindingKind(StrEnum):
    CAUSE = "cause"
    REMEDY = "remedy"
    INVESTIGATION = "investigation"
    """Something that was done to find out."""


class Finding(SQLModel, table=True):
    """One cause, remedy or investigation action of a stage, from the configuration's lists."""

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("case_id", "stage", "kind", "code"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    stage: str
    kind: str = Field(description="of FindingKind")
    code: str = Field(index=True, description="also declined or not_applicable")
    place: int = Field(description="0 for the primary cause, then as they were given")


class CaseClosing(SQLModel, table=True):
    """What was answered when a case was closed; a later closing takes its place. Causes and remedies are findings."""

    __tablename__ = "case_closing"

    case_id: int = Field(primary_key=True, foreign_key="feedback_case.id")
    closed_at: datetime = moment(index=True)
    reason: str = ""
    outcome: str = Field(default="", index=True)
    lesson: str = Field(default="", description="in words, or declined or not_applicable")
    equalities: dict[str, str] = json_column(default_factory=dict, description="question: answer")


class LearningAction(SQLModel, table=True):
    """Something to be done so that it does not happen again. Reminded of monthly until it is done."""

    __tablename__ = "learning_action"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    stage: str = ""
    recommended: bool = Field(default=False, description="the Ombudsman's or a panel's recommendation")
    text: str
    owner_id: int = Field(foreign_key="officer.id", index=True)
    due_on: date = Field(index=True)
    created_at: datetime = moment()
    done_at: datetime | None = maybe_moment()
    done_how: str = ""


class PaymentKind(StrEnum):
    INVESTIGATION = "investigation"
    COMPENSATION = "compensation"
    OMBUDSMAN = "ombudsman"
    """Paid because the Ombudsman said so."""


class Payment(SQLModel, table=True):
    """A cost of a case."""

    __tablename__ = "payment"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    stage: str = ""
    kind: str = Field(description="of PaymentKind")
    pence: int
    what_for: str = ""
    entered_at: datetime = moment()
    officer_id: int = Field(foreign_key="officer.id")


class OmbudsmanReferral(SQLModel, table=True):
    """A case that went to the Ombudsman, and what was decided there."""

    __tablename__ = "ombudsman_referral"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    stage: str = Field(default="", description="the stage that the case was in")
    reference: str = Field(default="", description="the Ombudsman's")
    referred_on: date
    decided_on: date | None = None
    decision: str = ""
    public_report: bool = False
