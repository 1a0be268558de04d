"""The filters of the lists, as they stand in an address: plain links and forms carry them. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

YES = "yes"
NOBODY = "nobody"
"""In place of an officer's name: nobody by name works on the case."""
DUE = {"late": "Late", "tomorrow": "Due by tomorrow", "week": "Due this week"}
"""When something is due next on a case: before today; from today to tomorrow; from today, in a week's working days."""
_LONGEST = 60


@dataclass(frozen=True)
class Filters:
    """Which cases of a list are wanted. An empty or false filter lets all pass. `mine`: of the visitor's teams, or a
    confirmed case that the visitor works on. `officer`, the name of who works on it, and `due`, a key of `DUE`, are for
    confirmed cases alone."""

    team: str = ""
    type: str = ""
    channel: str = ""
    unsure: bool = False
    at_risk: bool = False
    mine: bool = False
    officer: str = ""
    due: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Those that an address names; what else stands in it is passed over."""

        def word(name: str) -> str:
            return query.get(name, "").strip()[:_LONGEST]

        def tick(name: str) -> bool:
            return query.get(name) == YES

        due = word("due")
        return cls(
            word("team"),
            word("type"),
            word("channel"),
            tick("unsure"),
            tick("at_risk"),
            tick("mine"),
            word("officer"),
            due if due in DUE else "",
        )

    @property
    def in_address(self) -> dict[str, str]:
        """The filters that are set, by name."""
        return {name: YES if value is True else value for name, value in asdict(self).items() if value}

    @property
    def query(self) -> str:
        """As they stand in an address; empty where none is set."""
        return urlencode(self.in_address)

    @property
    def set(self) -> bool:
        """Whether any is set."""
        return self != Filters()

    def but(self, **changes: Any) -> Self:
        return replace(self, **changes)
