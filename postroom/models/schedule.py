"""When each schedule last ran, and who runs it now."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from postroom.models.columns import moment


class ScheduleRun(SQLModel, table=True):
    """One schedule. It is claimed by a conditional update, so that of several processes one runs it; a claim that was
    not finished ends by itself."""

    __tablename__ = "schedule_run"

    name: str = Field(primary_key=True)
    last_run: datetime = moment(description="all that was due up to this moment was done")
    claimed_until: datetime = moment()
