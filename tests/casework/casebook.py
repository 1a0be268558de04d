"""Moves made as officers would, each in a transaction of its own."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy import inspect as look_into
from sqlmodel import SQLModel, select

from postroom.casework import cases
from postroom.casework.history import broken_histories
from postroom.casework.labels import Labels
from postroom.casework.moves import Move
from postroom.models.case import Case, Deadline, DeadlineState, Event
from postroom.models.database import open_session
from postroom.models.settings import Settings

COMPLAINT = Labels("complaint", "highways", "service_standards")
CHILDREN = Labels("complaint", "childrens-rugby", "communication")
ADULTS = Labels("complaint", "adult-social-care", "communication")
REQUEST = Labels("service_request", "highways", "fix_problem")
ENQUIRY = Labels("enquiry", "libraries")

CLOSING = cases.ClosingAnswers(
    cases.Findings("upheld", causes=("delay_in_service", "attitude"), remedies=("apology",)),
    lesson="Answer the telephone.",
    equalities={"age_band": "declined", "ethnicity": "declined", "disability": "no"},
)


def at(words: str) -> datetime:
    """A moment such as "Wednesday 4 March 2026", at noon."""
    return datetime.strptime(words, "%A %d %B %Y").replace(hour=12, tzinfo=UTC)


def day(words: str) -> date:
    return at(words).date()


def with_stage(settings: Settings, **changes: Any) -> Settings:
    """The model council with another first stage of corporate complaints."""
    content = settings.model_dump()
    content["procedures"]["corporate"]["stages"][0] |= changes
    return Settings(**content)


@dataclass
class Casebook:
    """`alice` is of customer relations, `bob` a manager, `carol` an officer."""

    engine: Engine
    settings: Settings
    alice: int
    bob: int
    carol: int
    open_one: Callable[..., Case]
    now: datetime

    def make(
        self, move: Callable[..., Any], *arguments: Any, by: int = 0, when: datetime | None = None, **rest: Any
    ) -> Any:
        """Make a move, with what it takes of officer, settings and time."""
        given = {"officer_id": by or self.alice, "settings": self.settings, "now": when or self.now}
        taken = inspect.signature(move).parameters
        with open_session(self.engine) as session:
            result = move(session, *arguments, **{k: v for k, v in given.items() if k in taken}, **rest)
            session.commit()
        return result

    def confirmed(self, labels: Labels = COMPLAINT, received_at: datetime | None = None, **rest: Any) -> int:
        """A confirmed case; returns its id."""
        case_id = self.open_one(received_at).id
        self.make(cases.confirm, case_id, labels, **rest)
        assert case_id is not None
        return case_id

    def answered(self, labels: Labels = COMPLAINT, by: int = 0) -> int:
        """A case whose first stage is answered."""
        case_id = self.confirmed(labels)
        self.make(cases.respond, case_id, how="by letter", by=by)
        return case_id

    def case(self, case_id: int) -> Case:
        with open_session(self.engine, read_only=True) as session:
            return cases.find_case(session, case_id)

    def due(self, case_id: int) -> dict[str, date]:
        """The open steps of a case with their dates."""
        return {d.step: d.due_on for d in self.rows(Deadline, case_id) if d.state == DeadlineState.OPEN}

    def rows(self, table: type[Any], case_id: int) -> list[Any]:
        """What a table of a case's rows holds."""
        with open_session(self.engine, read_only=True) as session:
            return list(
                session.exec(select(table).where(table.case_id == case_id).order_by(*look_into(table).primary_key))
            )

    def row(self, table: type[SQLModel], case_id: int) -> Any:
        (row,) = self.rows(table, case_id)
        return row

    def last_event(self, case_id: int) -> Event:
        return max(self.rows(Event, case_id), key=lambda event: event.number)

    def allowed(self, case_id: int, by: int = 0) -> list[Move]:
        with open_session(self.engine, read_only=True) as session:
            case = cases.find_case(session, case_id)
            return cases.allowed_moves(session, case, officer_id=by or self.alice, settings=self.settings)

    def why_not(self, case_id: int, by: int = 0) -> dict[Move, str]:
        with open_session(self.engine, read_only=True) as session:
            case = cases.find_case(session, case_id)
            return cases.why_not(session, case, officer_id=by or self.alice, settings=self.settings)

    def broken(self) -> list[str]:
        with open_session(self.engine, read_only=True) as session:
            return list(broken_histories(session))
