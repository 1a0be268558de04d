"""What officers keep at the desk: saved views, letters not sent yet, and which cases they have open at this moment."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import json_column, moment


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


class LetterDraft(SQLModel, table=True):
    """A letter that was begun and not sent, with all that was typed. There is one of each kind about a stage of a case,
    and every officer who may write that letter goes on with it. No change of the case: its history does not know it."""

    __tablename__ = "letter_draft"
    __table_args__ = (UniqueConstraint("case_id", "stage", "form"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="feedback_case.id", index=True)
    stage: str
    form: str = Field(description="the path of the letter's form")
    officer_id: int = Field(foreign_key="officer.id", description="who kept it last")
    boxes: dict[str, str] = json_column(description="what was typed and chosen, by the names of the form's boxes")
    version: int = Field(default=1, description="how often it was kept")
    begun_at: datetime = moment()
    kept_at: datetime = moment()
