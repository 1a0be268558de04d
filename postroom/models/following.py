"""Residents who follow their case: the codes that were sent to them, and the visits that began with one."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from postroom.models.columns import moment


class FollowCode(SQLModel, table=True):
    """A code that was sent to the address on record of a case. Only the newest counts, until tried too often."""

    __tablename__ = "follow_code"

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    address: str = Field(description="where it was sent")
    code_digest: str = Field(description="keyed, since all codes could be tried out")
    made_at: datetime = moment(index=True)
    tries: int = 0
    used: bool = False


class FollowVisit(SQLModel, table=True):
    """A resident looking at one case. The cookie holds the token, the table only its SHA-256."""

    __tablename__ = "follow_visit"

    token_digest: str = Field(primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    address: str
    began_at: datetime = moment(index=True)
