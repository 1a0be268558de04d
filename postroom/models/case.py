"""Cases, the people on them, and the decisions of officers about what they are."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import json_column, maybe_moment, moment


class CaseStatus(StrEnum):
    AWAITING = "awaiting"
    """Nobody has confirmed yet what it is."""
    OPEN = "open"
    CLOSED = "closed"


class Person(SQLModel, table=True):
    """Somebody who wrote to the council. One person may have several addresses and telephones (`person.Phone`)."""

    __tablename__ = "person"

    id: int | None = Field(default=None, primary_key=True)
    name: str = ""
    created_at: datetime = moment()
    role: str = Field(default="", description="of casework.person_roles in the configuration")
    postal_address: str = ""
    on_paper: bool = Field(default=False, description="letters go by post")
    large_print: bool = False
    language: str = Field(default="", description="another language than English that letters should be in")
    advocate: str = Field(default="", description="who speaks for them, to be told beside them")
    advocate_contact: str = ""
    restriction: str = Field(default="", description="how contact is restricted; empty where it is not")
    restriction_reason: str = ""
    restriction_review_on: date | None = Field(default=None, index=True)
    joined_into_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    erased_at: datetime | None = maybe_moment()


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
    __table_args__ = (  # what the sweeps ask for, so that they don't read every case
        Index("ix_feedback_case_unacknowledged", "status", "acknowledged_at"),
        Index("ix_feedback_case_at_risk", "at_risk"),
        Index("ix_feedback_case_closed", "status", "closed_at"),
        Index("ix_feedback_case_seen", "status", "restricted", "sealed", "team"),
        Index("ix_feedback_case_closed_at", "closed_at"),
        Index("ix_feedback_case_praise", "type", "confirmed_at"),
    )

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
    officer_id: int | None = Field(
        default=None, foreign_key="officer.id", index=True, description="who works on it; nobody by name where empty"
    )
    exclusion: str = ""
    at_risk: bool = False
    sealed: bool = Field(default=False, description="seen only by its team: children's social care")
    sealed_by_hand: bool = Field(default=False, description="sealed by an officer, whichever team it goes to")
    restricted: bool = Field(default=False, description="sealed, and seen by named officers alone: staff conduct")
    procedure: str = ""
    stage: str = Field(default="", description="the id of the stage that it is in")
    stage_number: int = Field(default=0, description="1 for the first; 0 until it is confirmed")
    incident_on: date | None = Field(default=None, description="when it happened, where that is asked")
    received_at: datetime = moment(index=True)
    confirmed_at: datetime | None = maybe_moment()
    acknowledged_at: datetime | None = maybe_moment(description="of the stage that it is in")
    responded_at: datetime | None = maybe_moment(description="of the stage that it is in")
    closed_at: datetime | None = maybe_moment()
    merged_into_id: int | None = Field(default=None, foreign_key="feedback_case.id", index=True)
    version: int = Field(default=0, description="the number of events in its history")


class Decision(SQLModel, table=True):
    """What an officer confirmed, beside what was suggested and by which model: what training learns from."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_of_officer", "officer_id", "decided_at"),
        Index("ix_decision_decided_at", "decided_at"),
    )

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
    shown_at: datetime | None = maybe_moment(description="when its page was shown to who decided; none otherwise")


class DeadlineState(StrEnum):
    OPEN = "open"
    PAUSED = "paused"
    """It waits for somebody's consent; its date is known when that has come."""
    MET = "met"
    CANCELLED = "cancelled"


class Deadline(SQLModel, table=True):
    """One step of a case's procedure with the date by which it is due."""

    __tablename__ = "deadline"
    __table_args__ = (
        UniqueConstraint("case_id", "stage", "step"),
        Index("ix_deadline_ladder", "state", "due_on"),  # what is due soon is found without reading what is not
        Index("ix_deadline_next", "case_id", "state", "due_on"),  # without it a list looks for a case among all due
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id")
    stage: str
    step: str = Field(description="acknowledge, respond, … (`procedure_settings.SETS`)")
    state: str = Field(default=DeadlineState.OPEN)
    started_at: datetime = moment(description="when its clock started")
    started_by: str = Field(description="the clock: received, acknowledged, …")
    limit_days: int = Field(description="working days, without extensions")
    extended_days: int = Field(default=0, description="working days that extensions added")
    paused_days: int = Field(default=0, description="working days that were not counted while consent was wanted")
    due_on: date = Field(index=True, description="due by midnight at the end of this day in the council's zone")
    original_due_on: date = Field(description="without extensions")
    working: str = Field(description="how the date was counted, in words")
    met_at: datetime | None = maybe_moment()


class Event(SQLModel, table=True):
    """One change of one case. Append-only; `hash` covers the event and the hash of the case's event before it."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    number: int = Field(description="1 for the case's first event")
    at: datetime = moment(index=True)
    actor: str = Field(description="officer:<id>, or the name of the worker")
    kind: str
    summary: str = Field(description="one line for people")
    before: dict[str, Any] = json_column(default_factory=dict)
    after: dict[str, Any] = json_column(default_factory=dict)
    previous_hash: str
    hash: str


class EventWords(SQLModel, table=True):
    """What an officer wrote with a change. The event holds its salted digest, so that a later edit shows, and words
    that had to be erased leave the chain whole."""

    __tablename__ = "event_words"

    case_id: int = Field(primary_key=True, foreign_key="feedback_case.id")
    number: int = Field(primary_key=True, description="of the event")
    words: str
    salt: str
    erased_at: datetime | None = maybe_moment()


class LinkKind(StrEnum):
    RELATED = "related"
    SPLIT_FROM = "split_from"
    FOLLOWS = "follows"
    """A later matter of the same person that grew out of the other."""


class CaseLink(SQLModel, table=True):
    """A tie from one case to another, seen from both."""

    __tablename__ = "case_link"
    __table_args__ = (UniqueConstraint("case_id", "other_id"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    other_id: int = Field(foreign_key="feedback_case.id", index=True)
    kind: str = Field(description="of LinkKind: what the first is to the other")
    made_at: datetime = moment()
    officer_id: int = Field(foreign_key="officer.id")
