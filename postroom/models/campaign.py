"""What a second look finds in messages: near-copies of others, campaigns of many, and two matters in one message."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from postroom.models.columns import json_column, maybe_moment, moment


class Campaign(SQLModel, table=True):
    """Messages that are near-copies of one another. A campaign in truth from `found_at` on, when enough people had
    written (`triage.campaign_senders`)."""

    __tablename__ = "campaign"

    id: int | None = Field(default=None, primary_key=True)
    begun_at: datetime = moment(description="when the first of its messages was received")
    last_at: datetime = moment(description="when the last of them was received")
    found_at: datetime | None = maybe_moment(index=True)


class NearCopy(SQLModel, table=True):
    """What a second look at a message found, also where that is nothing: which messages were looked at. It holds no
    words, and stays where the message's words are erased."""

    __tablename__ = "near_copy"

    message_id: int = Field(primary_key=True, foreign_key="message.id")
    looked_at: datetime = moment()
    campaign_id: int | None = Field(default=None, foreign_key="campaign.id", index=True)
    nearness: float = Field(default=0.0, description="the part of its words shared with its nearest in the campaign")
    repeats_id: int | None = Field(
        default=None, foreign_key="message.id", index=True, description="the message that the same person sent before"
    )


class CopyBand(SQLModel, table=True):
    """By what near-copies of a message are found: keys of which near messages share some. Goes with the words."""

    __tablename__ = "copy_band"
    __table_args__ = {"sqlite_with_rowid": False}  # half the space: the key is all that there is

    key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    message_id: int = Field(primary_key=True, foreign_key="message.id", index=True)


class Settled(StrEnum):
    """What an officer made of a message that seems to hold two matters."""

    NOT_YET = ""
    SPLIT = "split"
    ONE_MATTER = "one matter"


class TwoMatters(SQLModel, table=True):
    """A message that seems to hold two separate matters, and where each of them stands in its own new words."""

    __tablename__ = "two_matters"

    message_id: int = Field(primary_key=True, foreign_key="message.id")
    made_at: datetime = moment()
    model: str = Field(description="the version of the model that suggested labels for the parts")
    because: str = Field(description="of triage.two_matters.Because: what showed it")
    parts: list[dict[str, Any]] = json_column(
        default_factory=list,
        description="two of {start, end, type, team, topic}: characters of Message.new_text, and what is suggested",
    )
    settled: str = Field(default=Settled.NOT_YET, index=True)
    settled_at: datetime | None = maybe_moment()
    case_id: int | None = Field(default=None, foreign_key="feedback_case.id", description="what was opened from it")
