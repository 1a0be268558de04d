"""The models that learned from officers' confirmations, which of them suggests, and why the others do not."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Field, SQLModel

from postroom.models.columns import json_column, maybe_moment, moment


class ModelState(StrEnum):
    CHALLENGER = "challenger"
    """Trained, and not compared yet."""
    CHAMPION = "champion"
    """It suggests. At most one does; where none does, the model that is shipped suggests."""
    RETIRED = "retired"
    """It was the champion once."""
    REFUSED = "refused"
    """It did worse than the champion, or its folder is not what it should be."""


class TrainedModel(SQLModel, table=True):
    """One model, by the version of its content. Its files lie in a folder of that name, but for the shipped one."""

    __tablename__ = "trained_model"

    version: str = Field(primary_key=True)
    state: str = Field(default=ModelState.CHALLENGER, index=True)
    since: datetime = moment(description="when it came into its state")
    reason: str = Field(default="", description="why it is in its state, in words")
    shipped: bool = Field(default=False, description="came with Postroom, and learned from no confirmation")
    trained_at: datetime = moment()
    data: str = Field(description="SHA-256 over the examples that it learned from")
    confirmations: int = Field(default=0, description="confirmed messages that it learned from")
    confirmed: int = Field(default=0, description="confirmed messages that there were when it was trained")
    last_learned_at: datetime | None = maybe_moment(description="when the newest of those was decided")
    last_seen_at: datetime | None = maybe_moment(description="when the newest decision there was had been made")
    made_with: dict[str, str] = json_column(default_factory=dict, description="versions of Python and of libraries")
    figures: dict[str, Any] = json_column(default_factory=dict, description="on examples that it had not seen")
    comparison: dict[str, Any] = json_column(default_factory=dict, description="with the champion of that day")
