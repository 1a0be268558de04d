"""All that the managers' page shows, of the cases that the visitor may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from postroom.casework.working_days import Calendar
from postroom.desk.queries.sight import may_see
from postroom.desk.sessions import SignedIn
from postroom.models.database import open_session
from postroom.models.settings import Settings
from postroom.reports.performance import Flow, Kept, Punctuality, Triage, flow, punctuality, together, triage
from postroom.reports.periods import Period, last_months, year_to_date
from postroom.reports.workload import Load, by_officer, by_team, open_work

MONTHS = 12
DAYS_AHEAD = 5
"""Working days that "due soon" looks ahead: a week's."""


@dataclass(frozen=True)
class InPeriod:
    """One period's figures. The two totals are of all types together."""

    period: Period
    flow: Flow
    punctuality: list[Punctuality]
    triage: Triage

    @property
    def acknowledged(self) -> Kept:
        return sum((each.acknowledged for each in self.punctuality), Kept())

    @property
    def answered(self) -> Kept:
        return sum((each.answered for each in self.punctuality), Kept())


@dataclass(frozen=True)
class Overview:
    teams: list[Load]
    officers: list[Load]
    due_until: date
    month: InPeriod
    year: InPeriod
    months: list[InPeriod]
    """The last twelve, the oldest first."""


def overview(engine: Engine, visitor: SignedIn, settings: Settings, calendar: Calendar, today: date) -> Overview:
    """Figures up to today, of what `visitor` may see."""
    visible = may_see(visitor, settings)
    until = calendar.add(today, DAYS_AHEAD)
    with open_session(engine, read_only=True) as session:

        def of(period: Period) -> InPeriod:
            return InPeriod(
                period,
                flow(session, period, calendar, visible),
                punctuality(session, period, today, calendar, visible),
                triage(session, period, calendar, visible),
            )

        months = [of(period) for period in last_months(today, MONTHS)]
        work = open_work(session, today, until, visible)
    year = _of_year(year_to_date(today), months)
    return Overview(by_team(work), by_officer(work), until, months[-1], year, months)


def _of_year(year: Period, months: Sequence[InPeriod]) -> InPeriod:
    """A reporting year up to now: no more than the last twelve months, of which it is made."""
    of_it = [month for month in months if month.period.first >= year.first]
    return InPeriod(
        year,
        sum((month.flow for month in of_it), Flow()),
        together(month.punctuality for month in of_it),
        sum((month.triage for month in of_it), Triage()),
    )
