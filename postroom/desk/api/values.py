"""What the API answers and takes. Dates are days in the council's zone, moments are UTC."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from postroom.desk.api.asking import LABEL
from postroom.models.settings import NO_CATEGORY, NO_EXCLUSION

Label = Annotated[str, Field(pattern=LABEL)]


def _whole(value: object) -> object:
    """1.0 is an integer in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Value(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CaseInList(Value):
    """A case. Labels are empty until an officer has confirmed them; the subject of a sealed case is left out."""

    reference: str
    status: str = Field(description="awaiting, open or closed")
    subject: str
    channel: str
    type: str
    category: str
    team: str
    exclusion: str
    at_risk: bool
    sealed: bool
    procedure: str
    stage: str
    received_at: datetime
    confirmed_at: datetime | None
    acknowledged_at: datetime | None
    responded_at: datetime | None
    closed_at: datetime | None
    version: int = Field(description="goes up with each change")


class Cases(Value):
    cases: list[CaseInList]
    next: int | None = Field(description="pass it as `after` for the cases that follow; null at the end")


class DeadlineOfCase(Value):
    stage: str
    step: str
    state: str = Field(description="open, paused, met or cancelled")
    due_on: date
    original_due_on: date
    met_at: datetime | None
    working: str = Field(description="how the date was counted")


class FullCase(CaseInList):
    deadlines: list[DeadlineOfCase]


class Change(Value):
    """One event of a case's history."""

    number: int
    at: datetime
    actor: str
    kind: str
    summary: str


class AttachmentOfMessage(Value):
    name: str
    content_type: str
    size: int = Field(description="bytes")


class MessageOnCase(Value):
    channel: str
    received_at: datetime
    sender_name: str
    sender_email: str
    subject: str
    text: str
    machine: str = Field(description="none, or what kind of machine wrote it")
    attachments: list[AttachmentOfMessage]


class SuggestionForCase(Value):
    """What a model thinks of the message that opened the case. Never a fact: an officer decides."""

    model: str
    created_at: datetime
    type: str
    type_probability: float
    category: str
    category_probability: float
    team: str
    team_probability: float
    exclusion: str
    exclusion_probability: float
    at_risk: bool
    at_risk_probability: float


class Decision(BaseModel):
    """What a case is. `version` is that of the case as it was read: one that changed meanwhile is not overwritten."""

    model_config = ConfigDict(extra="forbid", strict=True)

    version: Annotated[int, BeforeValidator(_whole)] = Field(ge=0, le=2_000_000_000)
    type: Label
    team: Label
    category: Label = NO_CATEGORY
    exclusion: Label = NO_EXCLUSION
    at_risk: bool = False


class KeptDates(Value):
    due: int
    within: int = Field(description="kept, counting extensions")
    within_first: int = Field(description="kept by the date that was set first")


class TypePunctuality(Value):
    type: str
    acknowledged: KeptDates
    answered: KeptDates


class FlowOfPeriod(Value):
    received: int
    closed: int


class TriageOfPeriod(Value):
    decided: int
    suggested: int
    accepted: int
    type_right: int
    category_right: int
    team_right: int
    blind: int
    blind_type_right: int


class Performance(Value):
    """Of the cases that the token's officer may see. Dates kept are of those that fell due from `first` to `last`."""

    first: date
    last: date
    flow: FlowOfPeriod
    punctuality: list[TypePunctuality]
    triage: TriageOfPeriod


class LoadOfTeam(Value):
    team: str
    open: int
    late: int
    soon: int = Field(description="with something due within five working days, and nothing late")


class Workload(Value):
    teams: list[LoadOfTeam]


class Problem(BaseModel):
    detail: str
