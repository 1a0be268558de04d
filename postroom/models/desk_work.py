"""What officers keep at the desk: their saved views, and which cases they have open at this moment."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import moment


class SavedView(SQLModel, table=True):
    """A list with filters, under the name that an officer gave it."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("officer_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    officer_id: int = Field(foreign_key="officer.id", index=True)
    name: str
    path: str = Field(description="of the list: / or /open-cases")
    query: str = Field(description="the filters as they stand in the list's address, without the question mark")
    made_at: datetime = moment()


class CaseOpened(SQLModel, table=True):
    """That an officer has a case's page open. `opened_at` is when it was last shown to them."""

    __tablename__ = "case_opened"

    case_id: int = Field(primary_key=True, foreign_key="feedback_case.id")
    officer_id: int = Field(primary_key=True, foreign_key="officer.id", index=True)
    opened_at: datetime = moment()
    seen_at: datetime = moment(index=True, description="when the page last said that it is still open")
