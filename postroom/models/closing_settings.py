"""What closing a case asks for, from closed lists: outcomes, causes with their themes, remedies, equalities."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from postroom.models.setting_types import Table

DECLINED = "declined"
NOT_APPLICABLE = "not_applicable"
NO_ANSWER = (DECLINED, NOT_APPLICABLE)
"""Answers that say that there is none. Blank is no answer."""

Question = Literal["outcome", "cause", "remedy", "lesson", "equalities"]


class Closing(Table):
    """Questions that closing asks, by type, and the answers to choose from."""

    asks: dict[str, list[Question]] = Field(default={}, description="type: what must be answered; others may be")
    outcomes: dict[str, list[str]] = Field(default={}, description="type: its outcomes; of elements and stages too")
    withdrawn: str = Field(default="withdrawn", description="the outcome of a case that its person withdrew")
    deemed_withdrawn: str = Field(default="deemed_withdrawn", description="the same where they stopped answering")
    causes: dict[str, list[str]] = Field(default={}, description="theme: its causes")
    remedies: list[str] = Field(default=[])
    investigation_actions: list[str] = Field(default=[])
    equalities: dict[str, list[str]] = Field(default={}, description="question: its answers")
    ombudsman_decisions: list[str] = Field(default=[])

    def theme_of(self, cause: str) -> str:
        """The theme that a cause belongs to; empty where the configuration has it no longer."""
        return next((theme for theme, causes in self.causes.items() if cause in causes), "")

    @property
    def all_causes(self) -> list[str]:
        return [cause for causes in self.causes.values() for cause in causes]

    def problems(self, types: list[str]) -> Iterator[tuple[str, str]]:
        """What cannot work: (path within `closing`, what was expected)."""
        for name, by_type in (("asks", self.asks), ("outcomes", self.outcomes)):
            for type_ in by_type:
                if type_ not in types:
                    yield f"{name}.{type_}", f"expected one of {', '.join(types)}; got {type_}"
        yield from self._unanswerable()
        known = {outcome for outcomes in self.outcomes.values() for outcome in outcomes}
        for name, outcome in (("withdrawn", self.withdrawn), ("deemed_withdrawn", self.deemed_withdrawn)):
            if known and outcome not in known:
                yield name, f"expected one of the outcomes; got {outcome}"
        causes = self.all_causes
        for cause in sorted({cause for cause in causes if causes.count(cause) > 1}):
            yield "causes", f"expected each cause under one theme; {cause} stands twice"

    def _unanswerable(self) -> Iterator[tuple[str, str]]:
        for type_, questions in self.asks.items():
            answers = {
                "outcome": self.outcomes.get(type_),
                "cause": self.causes,
                "remedy": self.remedies,
                "equalities": self.equalities,
            }
            for question in questions:
                if question in answers and not answers[question]:
                    yield f"asks.{type_}", f"expected answers to choose from for {question}; there are none"
