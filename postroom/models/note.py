"""Who is named in a note on a case. The note itself is an event with its words (`case.EventWords`)."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from postroom.models.columns import maybe_moment


class Mention(SQLModel, table=True):
    """One officer whom a note calls in by name, until they have seen it."""

    __tablename__ = "mention"

    case_id: int = Field(primary_key=True, foreign_key="feedback_case.id")
    number: int = Field(primary_key=True, description="of the note's event")
    officer_id: int = Field(primary_key=True, foreign_key="officer.id", index=True)
    seen_at: datetime | None = maybe_moment()
