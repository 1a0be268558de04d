"""The filters of the lists, as they stand in an address: plain links and forms carry them. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

YES = "yes"
_LONGEST = 60


@dataclass(frozen=True)
class Filters:
    """Which cases of a list are wanted. An empty or false filter lets all pass. `mine`: of the visitor's teams, or a
    confirmed case that the visitor works on."""

    team: str = ""
    type: str = ""
    channel: str = ""
    unsure: bool = False
    at_risk: bool = False
    mine: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Those that an address names; what else stands in it is passed over."""

        def word(name: str) -> str:
            return query.get(name, "").strip()[:_LONGEST]

        def tick(name: str) -> bool:
            return query.get(name) == YES

        return cls(word("team"), word("type"), word("channel"), tick("unsure"), tick("at_risk"), tick("mine"))

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
