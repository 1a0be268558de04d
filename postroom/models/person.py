"""More about people: their telephones, what was changed about them, and consent to act for somebody."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from postroom.models.columns import maybe_moment, moment


class Phone(SQLModel, table=True):
    """A telephone number of a person, digits and a leading plus alone. Several people may share one."""

    __tablename__ = "phone"

    person_id: int = Field(primary_key=True, foreign_key="person.id")
    number: str = Field(primary_key=True, index=True)


class PersonEvent(SQLModel, table=True):
    """One change of what is known about a person. It names what was changed, never the old or new words."""

    __tablename__ = "person_event"

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    at: datetime = moment()
    actor: str
    kind: str
    summary: str


class Consent(SQLModel, table=True):
    """Consent, or authority, to deal with a case for somebody else: wanted, and received or refused."""

    __tablename__ = "consent"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    stage: str
    whose: str = Field(description="whose consent is wanted")
    wanted_at: datetime = moment(index=True)
    ended_at: datetime | None = maybe_moment(description="received or refused")
    given: bool = False
    evidence: str = Field(default="", description="how it is known, as a signed form")
