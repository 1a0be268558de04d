"""How punctually a council answers, and how well it was suggested to, over a period. Every figure says its base.

`visible` is a condition on cases: only those count. Shares are of 0 to 1, and None where nothing counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from itertools import chain
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlmodel import Session, col

from postroom.casework.day_ends import day_end
from postroom.casework.working_days import Calendar
from postroom.models.case import Case, Deadline, DeadlineState, Decision
from postroom.models.message import Answer, Suggestion
from postroom.reports.periods import Period

ACKNOWLEDGE = "acknowledge"


@dataclass(frozen=True)
class Kept:
    """How many of the dates that fell due were kept: `within` as they were put off, `within_first` as first set."""

    due: int = 0
    within: int = 0
    within_first: int = 0

    @property
    def share(self) -> float | None:
        return self.within / self.due if self.due else None

    @property
    def share_first(self) -> float | None:
        return self.within_first / self.due if self.due else None

    def __add__(self, other: "Kept") -> "Kept":
        return Kept(self.due + other.due, self.within + other.within, self.within_first + other.within_first)


@dataclass(frozen=True)
class Punctuality:
    """Of one feedback type: acknowledgements and answers (every other step), each by the dates that fell due."""

    type: str
    acknowledged: Kept
    answered: Kept


@dataclass(frozen=True)
class Flow:
    """How many cases were received, and how many closed, in a period."""

    received: int = 0
    closed: int = 0

    def __add__(self, other: "Flow") -> "Flow":
        return Flow(self.received + other.received, self.closed + other.closed)


@dataclass(frozen=True)
class Triage:
    """Of the cases that officers confirmed in a period, by their first decision: how the suggestion did. Each count is
    of those where something was suggested; `accepted` had all labels right; of `unsure` ones the type was left to the
    officer; `blind` were decided before it was seen."""

    decided: int = 0
    suggested: int = 0
    accepted: int = 0
    unsure: int = 0
    type_right: int = 0
    category_right: int = 0
    team_right: int = 0
    blind: int = 0
    blind_type_right: int = 0

    @property
    def corrected(self) -> int:
        return self.suggested - self.accepted

    def __add__(self, other: "Triage") -> "Triage":
        return Triage(*map(add, astuple(self), astuple(other)))


def punctuality(
    session: Session, period: Period, today: date, calendar: Calendar, visible: ColumnElement[bool]
) -> list[Punctuality]:
    """By type, the dates that fell due in `period`: kept, or missed because done later or not yet. What is due today
    and not done does not count yet."""
    due_on, first_due_on, met_at = col(Deadline.due_on), col(Deadline.original_due_on), col(Deadline.met_at)
    counted = and_(
        col(Deadline.state).in_([DeadlineState.MET, DeadlineState.OPEN]),
        due_on.between(period.first, period.last),
        or_(col(Deadline.state) == DeadlineState.MET, due_on < today),
    )
    acknowledging = (col(Deadline.step) == ACKNOWLEDGE).label("acknowledging")
    query = (
        select(
            col(Case.type),
            acknowledging,
            func.count(),
            _number(met_at < day_end(session, calendar, due_on)),
            _number(first_due_on != due_on, met_at < day_end(session, calendar, due_on)),
            _number(first_due_on != due_on, met_at < day_end(session, calendar, first_due_on)),
        )
        .join_from(Deadline, Case)
        .where(counted, visible)
        .group_by(col(Case.type), acknowledging)
    )
    kept = {
        (type_, bool(first)): Kept(due, within, within - moved_within + moved_within_first)
        for type_, first, due, within, moved_within, moved_within_first in session.execute(query)
    }
    types = sorted({type_ for type_, _ in kept})
    return [Punctuality(each, kept.get((each, True), Kept()), kept.get((each, False), Kept())) for each in types]


def flow(session: Session, period: Period, calendar: Calendar, visible: ColumnElement[bool]) -> Flow:
    """Received and closed in `period`, cases merged into others among them."""
    begins, ends = period.moments(calendar.zone)

    def number(moment: Any) -> Any:
        query = select(func.count()).select_from(Case).where(moment >= begins, moment < ends, visible)
        return query.scalar_subquery()

    return Flow(*session.execute(select(number(col(Case.received_at)), number(col(Case.closed_at)))).one())


def triage(session: Session, period: Period, calendar: Calendar, visible: ColumnElement[bool]) -> Triage:
    """How suggestions did on the cases that were first confirmed in `period`."""
    begins, ends = period.moments(calendar.zone)
    earlier = select(func.min(Decision.id)).where(col(Decision.case_id) == Case.id).correlate(Case).scalar_subquery()
    right = {
        name: getattr(Decision, name) == getattr(Suggestion, name) for name in ("type", "category", "team", "exclusion")
    }

    suggested = col(Suggestion.type) != ""
    blind = and_(col(Decision.blind).is_(True), suggested)
    query = (
        select(
            func.count(),
            _number(suggested),
            _number(suggested, *right.values()),
            _number(suggested, col(Suggestion.answers)["type"].as_string().in_([Answer.OFFERED, Answer.OPEN])),
            _number(suggested, right["type"]),
            _number(suggested, right["category"]),
            _number(suggested, right["team"]),
            _number(blind),
            _number(blind, right["type"]),
        )
        .select_from(Decision)
        .join(Case, and_(col(Case.id) == Decision.case_id, col(Decision.id) == earlier))
        .outerjoin(Suggestion, col(Suggestion.id) == Decision.suggestion_id)
        .where(col(Decision.decided_at) >= begins, col(Decision.decided_at) < ends, visible)
    )
    return Triage(*map(int, session.execute(query).one()))


def together(periods: Iterable[Sequence[Punctuality]]) -> list[Punctuality]:
    """The punctuality of several periods that don't overlap, as one."""
    found: dict[str, Punctuality] = {}
    for each in chain.from_iterable(periods):
        known = found.get(each.type, Punctuality(each.type, Kept(), Kept()))
        found[each.type] = Punctuality(
            each.type, known.acknowledged + each.acknowledged, known.answered + each.answered
        )
    return [found[type_] for type_ in sorted(found)]


def _number(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)
