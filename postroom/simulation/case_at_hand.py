"""A case in the hands of those who work on it: who they are, and how they make a move or write a letter."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy.orm import object_session

from postroom.casework import cases
from postroom.casework.reading import stages_of
from postroom.models.case import Case, Deadline
from postroom.models.officer import Role
from postroom.models.procedure_settings import Stage
from postroom.notifications.owed import Purpose
from postroom.simulation.arrivals import Arrival
from postroom.simulation.letters import can_write, write
from postroom.simulation.office import Office


@dataclass
class CaseAtHand:
    """`known` leads from an arrival's number to its case; `chance` is this case's own."""

    office: Office
    arrival: Arrival
    case_id: int
    known: dict[int, int]
    chance: Random
    _held: Case | None = field(default=None, init=False)

    def case(self) -> Case:
        """Read once in a transaction, where nobody else changes it; held, for a session forgets what nobody holds."""
        if self._held is None or object_session(self._held) is not self.office.session:
            self._held = self.office.session.get_one(Case, self.case_id)
        return self._held

    def make(self, move: Callable[..., Any], *arguments: Any, by: int, **rest: Any) -> Any:
        return self.office.make(move, self.case_id, *arguments, by=by, **rest)

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def sorter(self) -> int:
        return self.office.staff.sorter(self.chance)

    def officer(self) -> int:
        return self.office.staff.officers[self.case().team]

    def manager(self) -> int:
        return self.office.staff.managers[self.case().team]

    def responder(self, stage: Stage) -> int:
        """Somebody who may answer a stage."""
        staff = self.office.staff
        earlier = (
            {each.responder_id for each in stages_of(self.office.session, self.case())}
            if stage.somebody_else
            else set()
        )
        by_role = {
            Role.OFFICER: [self.officer()],
            Role.MANAGER: [self.manager()],
            Role.CUSTOMER_RELATIONS: staff.sorters,
        }
        return next(
            one
            for role, some in by_role.items()
            if not stage.answered_by or role in stage.answered_by
            for one in some
            if one not in earlier
        )

    def tell(self, purpose: Purpose, by: int) -> None:
        """Write about a decision, where the officer does not leave that to our own letter."""
        if self.happens(self.office.rates.own_letter) and can_write(self.office, self.case()):
            write(self.office, self.case(), purpose, by)

    def open_deadlines(self) -> list[Deadline]:
        return cases.open_deadlines(self.office.session, self.case())
