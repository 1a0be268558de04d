"""The people who work on the desk, their teams, their sessions, and which sealed cases they looked at."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Field, SQLModel, col

from postroom.models.columns import maybe_moment, moment
from postroom.models.roles import Role as Role


class Officer(SQLModel, table=True):
    __tablename__ = "officer"

    id: int | None = Field(default=None, primary_key=True)
    email: str = Field(unique=True, description="lower case")
    name: str
    role: str
    password_hash: str = Field(default="", description="argon2id; empty until they have chosen a password")
    active: bool = True
    created_at: datetime = moment()
    totp_secret: str = Field(default="", description="encrypted (RFC 6238); empty without a second factor")
    totp_since: datetime | None = maybe_moment(description="since when a code is asked for; none while it is set up")
    totp_step: int = Field(default=0, description="the last step whose code was taken: none is taken twice")
    failed_sign_ins: int = 0
    locked_until: datetime | None = maybe_moment()


class TeamMember(SQLModel, table=True):
    """An officer's membership of a team (the id in the configuration), for some days or for good."""

    __tablename__ = "team_member"

    id: int | None = Field(default=None, primary_key=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    team: str = Field(index=True)
    from_on: date | None = Field(default=None, description="the first day; none: from the start")
    until_on: date | None = Field(default=None, description="the last day; none: for good")


def is_member(today: date) -> ColumnElement[bool]:
    """The memberships that hold on `today`, in the council's zone, as a condition of a query."""
    begun = or_(col(TeamMember.from_on).is_(None), col(TeamMember.from_on) <= today)
    return and_(begun, or_(col(TeamMember.until_on).is_(None), col(TeamMember.until_on) >= today))


class DeskSession(SQLModel, table=True):
    """A sign-in. The cookie holds the token, the table only its SHA-256."""

    __tablename__ = "desk_session"

    token_digest: str = Field(primary_key=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    csrf_token: str
    created_at: datetime = moment()
    seen_at: datetime = moment()
    waits_for: str = Field(default="", description="code or enrolment, where the second factor is still to come")
    browser: str = Field(default="", description="what it seems to be, for the officer to know it again")
    by_provider: bool = Field(default=False, description="came from the council's own provider")


class NamedOfficer(SQLModel, table=True):
    """One of those who alone may see a restricted case."""

    __tablename__ = "named_officer"

    case_id: int = Field(foreign_key="feedback_case.id", primary_key=True)
    officer_id: int = Field(foreign_key="officer.id", primary_key=True, index=True)


class SealedView(SQLModel, table=True):
    """One look at a sealed or restricted case by one officer."""

    __tablename__ = "sealed_view"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    at: datetime = moment()
