"""Cases, the people on them, and the decisions of officers about what they are."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import json_column, maybe_moment, moment


class CaseStatus(StrEnum):
    AWAITING = "awaiting"
    """Nobody has confirmed yet what it is."""
    OPEN = "open"
    CLOSED = "closed"


class Person(SQLModel, table=True):
    """Somebody who wrote to the council. One person may have several addresses."""

    __tablename__ = "person"

    id: int | None = Field(default=None, primary_key=True)
    name: str = ""
    created_at: datetime = moment()


class Address(SQLModel, table=True):
    """An email address of a person, lower case."""

    __tablename__ = "address"

    email: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)


class ReferenceCounter(SQLModel, table=True):
    """The last case number given out in a year. Numbers are not promised to be without gaps."""

    __tablename__ = "reference_counter"

    year: int = Field(primary_key=True)
    last: int = 0


class Case(SQLModel, table=True):
    """One matter of one person. Only casework changes it; `version` counts its events."""

    __tablename__ = "feedback_case"  # CASE is a word of SQL

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True)
    status: str = Field(default=CaseStatus.AWAITING, index=True)
    subject: str = ""
    channel: str
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    type: str = Field(default="", description="empty until an officer has confirmed it")
    initial_type: str = Field(default="", description="the first type confirmed")
    category: str = ""
    team: str = Field(default="", index=True)
    exclusion: str = ""
    at_risk: bool = False
    sealed: bool = Field(default=False, description="seen only by its team: children's social care")
    procedure: str = ""
    stage: str = ""
    received_at: datetime = moment(index=True)
    confirmed_at: datetime | None = maybe_moment()
    acknowledged_at: datetime | None = maybe_moment()
    responded_at: datetime | None = maybe_moment()
    closed_at: datetime | None = maybe_moment()
    merged_into_id: int | None = Field(default=None, foreign_key="feedback_case.id", index=True)
    version: int = Field(default=0, description="the number of events in its history")


class Decision(SQLModel, table=True):
    """What an officer confirmed, beside what was suggested and by which model: what training learns from."""

    __tablename__ = "decision"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    message_id: int = Field(foreign_key="message.id", index=True)
    suggestion_id: int | None = Field(default=None, foreign_key="suggestion.id")
    officer_id: int = Field(foreign_key="officer.id")
    decided_at: datetime = moment()
    type: str
    category: str = ""
    team: str
    exclusion: str
    at_risk: bool
    blind: bool = Field(default=False, description="decided before the officer had seen the suggestion")


class DeadlineState(StrEnum):
    OPEN = "open"
    MET = "met"
    CANCELLED = "cancelled"


class Deadline(SQLModel, table=True):
    """One step of a case's procedure with the date by which it is due."""

    __tablename__ = "deadline"
    __table_args__ = (UniqueConstraint("case_id", "stage", "step"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    stage: str
    step: str = Field(description="acknowledge or respond")
    state: str = Field(default=DeadlineState.OPEN, index=True)
    started_at: datetime = moment(description="when its clock started")
    started_by: str = Field(description="the clock: received, acknowledged, …")
    limit_days: int = Field(description="working days")
    due_on: date = Field(index=True, description="due by midnight at the end of this day in the council's zone")
    original_due_on: date
    working: str = Field(description="how the date was counted, in words")
    met_at: datetime | None = maybe_moment()


class Event(SQLModel, table=True):
    """One change of one case. Append-only; `hash` covers the event and the hash of the case's event before it."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    number: int = Field(description="1 for the case's first event")
    at: datetime = moment()
    actor: str = Field(description="officer:<id>, or the name of the worker")
    kind: str
    summary: str = Field(description="one line for people")
    before: dict[str, Any] = json_column(default_factory=dict)
    after: dict[str, Any] = json_column(default_factory=dict)
    previous_hash: str
    hash: str
