"""Reminders as configuration: when they go out, the ladder of rungs, and who is told where a team has nobody."""

from collections.abc import Iterator
from datetime import time
from typing import Annotated, Self

from pydantic import Field, model_validator

from postroom.models.setting_types import Days, Email, Table

Late = Annotated[int, Field(gt=0, le=400)]
"""Working days, at least one."""


class Ladder(Table):
    """When somebody is reminded of what. A step's list holds the working days left before its date on which its
    manager is reminded; each list may be empty."""

    acknowledge: list[Days] = Field(default=[1])
    agree_statement: list[Days] = Field(default=[2, 0])
    adjudicate: list[Days] = Field(default=[5, 2, 0])
    panel_meets: list[Days] = Field(default=[5, 0])
    panel_reports: list[Days] = Field(default=[2, 0])
    respond: list[Days] = Field(default=[5, 2, 0])
    overdue_every: Late = Field(default=2, description="working days between reminders of a step that is late")
    escalate_after: list[Late] = Field(default=[5], description="working days late when the manager's manager is told")
    window: list[Days] = Field(default=[5], description="working days left to ask for the next stage")
    inaction_after: Late | None = Field(default=5, description="working days without any event on an open case")
    untriaged_after: Late | None = Field(default=1, description="working days that a case awaits confirmation")
    learning_action: list[Days] = Field(default=[5, 0], description="its owner; besides, monthly until it is done")
    restriction: list[Days] = Field(default=[5, 0], description="before a restriction of contact is to be reviewed")


class Reminders(Table):
    send_at: time = time(8, 30)
    send_until: time = time(10, 0)
    fallback_team: str = Field(
        default="", description="told of what awaits confirmation, and of cases of a team without a manager"
    )
    escalate_to: dict[str, list[Email]] = Field(
        default={}, description="service: the officers who are told when its steps are long overdue"
    )
    ladder: Ladder = Ladder()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.send_until <= self.send_at:
            raise ValueError("send_until must be later than send_at")
        return self

    def unknown_names(self, teams: list[str], services: list[str]) -> Iterator[tuple[str, str]]:
        """Names that point nowhere: (path within this table, what was expected)."""
        if self.fallback_team and self.fallback_team not in teams:
            yield "fallback_team", f"expected one of {', '.join(teams)}; got {self.fallback_team}"
        for service in self.escalate_to:
            if service not in services:
                yield "escalate_to", f"expected services, of {', '.join(services)}; got {service}"
