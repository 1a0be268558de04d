"""How punctually a council answers, and how well it was suggested to, over a period. Every figure says its base.

`visible` is a condition on cases: only those count. Shares are of 0 to 1, and None where nothing counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from itertools import chain
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlmodel import Session, col

from postroom.casework.working_days import Calendar
from postroom.models.case import Case, Deadline, DeadlineState, Decision
from postroom.models.message import Suggestion
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
    of those where something was suggested; `accepted` had all labels right; `blind` were decided before it was seen."""

    decided: int = 0
    suggested: int = 0
    accepted: int = 0
    type_right: int = 0
    category_right: int = 0
    team_right: int = 0
    blind: int = 0
    blind_type_right: int = 0

    def __add__(self, other: "Triage") -> "Triage":
        return Triage(*map(add, astuple(self), astuple(other)))


def punctuality(
    session: Session, period: Period, today: date, calendar: Calendar, visible: ColumnElement[bool]
) -> list[Punctuality]:
    """By type, the dates that fell due in `period`: kept, or missed because done later or not yet. What is due today
    and not done does not count yet."""
    over = or_(col(Deadline.state) == DeadlineState.MET, col(Deadline.due_on) < today)
    counted = and_(
        col(Deadline.state).in_([DeadlineState.MET, DeadlineState.OPEN]),
        col(Deadline.due_on).between(period.first, period.last),
        over,
    )
    columns = (
        col(Case.type),
        col(Deadline.step),
        col(Deadline.due_on),
        col(Deadline.original_due_on),
        col(Deadline.met_at),
    )
    rows = session.execute(select(*columns).join_from(Deadline, Case).where(counted, visible))
    return _by_type(((*row,) for row in rows), calendar)


def flow(session: Session, period: Period, calendar: Calendar, visible: ColumnElement[bool]) -> Flow:
    """Received and closed in `period`, cases merged into others among them."""
    begins, ends = period.moments(calendar.zone)

    def number(moment: Any) -> int:
        query = select(func.count()).select_from(Case).where(moment >= begins, moment < ends, visible)
        return int(session.execute(query).scalar_one())

    return Flow(number(col(Case.received_at)), number(col(Case.closed_at)))


def triage(session: Session, period: Period, calendar: Calendar, visible: ColumnElement[bool]) -> Triage:
    """How suggestions did on the cases that were first confirmed in `period`."""
    begins, ends = period.moments(calendar.zone)
    earlier = select(func.min(Decision.id)).where(col(Decision.case_id) == Case.id).correlate(Case).scalar_subquery()
    right = {
        name: getattr(Decision, name) == getattr(Suggestion, name) for name in ("type", "category", "team", "exclusion")
    }

    def count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)

    suggested = col(Suggestion.type) != ""
    blind = and_(col(Decision.blind).is_(True), suggested)
    query = (
        select(
            func.count(),
            count(suggested),
            count(suggested, *right.values()),
            count(suggested, right["type"]),
            count(suggested, right["category"]),
            count(suggested, right["team"]),
            count(blind),
            count(blind, right["type"]),
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


def _by_type(rows: Iterable[tuple[str, str, date, date, datetime | None]], calendar: Calendar) -> list[Punctuality]:
    counted: dict[tuple[str, bool], list[int]] = {}
    for type_, step, due_on, first_due_on, met_at in rows:
        met_on = calendar.local_day(met_at) if met_at else date.max
        numbers = counted.setdefault((type_, step == ACKNOWLEDGE), [0, 0, 0])
        numbers[0] += 1
        numbers[1] += met_on <= due_on
        numbers[2] += met_on <= first_due_on
    kept = {key: Kept(*numbers) for key, numbers in counted.items()}
    types = sorted({type_ for type_, _ in kept})
    return [Punctuality(each, kept.get((each, True), Kept()), kept.get((each, False), Kept())) for each in types]
