"""What all settings are made of: tables that refuse unknown names, and the types of their values."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Table(BaseModel):
    """A part of the configuration: unknown names are refused and nothing changes after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Days = Annotated[int, Field(ge=0, le=400)]
"""Working days."""
RoleName = Literal["officer", "investigator", "manager", "customer_relations"]
"""The roles that work on cases (`roles.Role`)."""


def _email(value: str) -> str:
    local, _, domain = value.rpartition("@")
    if not local or not domain or any(c.isspace() for c in value):
        raise ValueError("expected an email address such as feedback@council.example")
    return value.lower()


Email = Annotated[str, AfterValidator(_email)]
"""An email address, in lower case."""
