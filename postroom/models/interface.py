"""What other programs use: tokens of the JSON API, and calls to addresses of theirs when a case changes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from postroom.models.columns import json_column, maybe_moment, moment
from postroom.models.roles import Scope as Scope


class ApiToken(SQLModel, table=True):
    """A program's key to the API. The table holds only its SHA-256."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, description="which program uses it")
    officer_id: int = Field(foreign_key="officer.id", index=True, description="by whose rights it sees and acts")
    token_digest: str = Field(unique=True)
    scopes: list[str] = json_column(description="of Scope")
    created_at: datetime = moment()
    made_by: str = Field(default="", description="the account on the machine where it was made, as far as is known")
    used_at: datetime | None = maybe_moment(description="to the day, so that reading seldom writes")
    revoked_at: datetime | None = maybe_moment()


class CallState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    WITHHELD = "withheld"
    """Of a sealed or restricted case, or of a kind that the address is not told of."""


class WebhookCall(SQLModel, table=True):
    """One event of a case that is told to one address. Sent as often as it takes, under one id."""

    __tablename__ = "webhook_call"
    __table_args__ = (UniqueConstraint("hook", "event_id"),)

    id: int | None = Field(default=None, primary_key=True)
    hook: str = Field(description="its name in the configuration")
    event_id: int = Field(foreign_key="event.id", index=True)
    body: dict[str, Any] = json_column()
    created_at: datetime = moment()
    state: str = Field(default=CallState.WAITING, index=True)
    attempts: int = 0
    not_before: datetime = moment(index=True)
    sent_at: datetime | None = maybe_moment()
    last_error: str = ""


class WebhookPlace(SQLModel, table=True):
    """How far the events are told to one address. Set when the address is first seen: older events are not told."""

    __tablename__ = "webhook_place"

    hook: str = Field(primary_key=True)
    event_id: int = 0
