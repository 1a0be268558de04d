"""What all settings are made of: tables that refuse unknown names, and the types of their values."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Table(BaseModel):
    """A part of the configuration: unknown names are refused and nothing changes after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Days = Annotated[int, Field(ge=0, le=400)]
"""Working days."""
RoleName = Literal["officer", "manager", "customer_relations"]
"""The roles that work on cases (`officer.Role`)."""
