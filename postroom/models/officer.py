"""The people who work on the desk, their teams, their sessions, and which sealed cases they looked at."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import maybe_moment, moment


class Role(StrEnum):
    OFFICER = "officer"
    """Works on the cases of their teams."""
    MANAGER = "manager"
    """Answers for the deadlines of their teams, and is reminded of them."""
    CUSTOMER_RELATIONS = "customer_relations"
    """Confirms what comes in for every team."""
    ADMINISTRATOR = "administrator"
    """Looks after officers and the system; sees no sealed case by that alone."""


class Officer(SQLModel, table=True):
    __tablename__ = "officer"

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True, description="lower case")
    name: str
    role: str
    password_hash: str = Field(description="argon2id")
    active: bool = True
    created_at: datetime = moment()
    failed_sign_ins: int = 0
    locked_until: datetime | None = maybe_moment()


class TeamMember(SQLModel, table=True):
    """An officer's membership of a team (the id in the configuration)."""

    __tablename__ = "team_member"
    __table_args__ = (UniqueConstraint("officer_id", "team"),)

    id: int | None = Field(default=None, primary_key=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    team: str = Field(index=True)


class DeskSession(SQLModel, table=True):
    """A sign-in. The cookie holds the token, the table only its SHA-256."""

    __tablename__ = "desk_session"

    token_digest: str = Field(primary_key=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    csrf_token: str
    created_at: datetime = moment()
    seen_at: datetime = moment()


class SealedView(SQLModel, table=True):
    """One look at a sealed case by one officer."""

    __tablename__ = "sealed_view"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    at: datetime = moment()
