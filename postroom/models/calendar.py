"""Which calendar of working days the open deadlines were counted by."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from postroom.models.columns import moment


class CalendarUsed(SQLModel, table=True):
    """A calendar that all open deadlines were counted by, from a moment on. The newest is the one in use."""

    __tablename__ = "calendar_used"

    id: int | None = Field(default=None, primary_key=True)
    digest: str
    used_at: datetime = moment()
    moved: int = Field(default=0, description="how many deadlines moved when it came into use")
