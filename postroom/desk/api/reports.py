"""Figures, of the cases that the token's officer may see."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends

from postroom.desk.api.asking import may, within_reach
from postroom.desk.api.tokens import Caller
from postroom.desk.api.values import (
    FlowOfPeriod,
    LoadOfTeam,
    Performance,
    TriageOfPeriod,
    TypePunctuality,
    Workload,
)
from postroom.desk.queries.performance import DAYS_AHEAD
from postroom.desk.queries.sight import may_see
from postroom.desk.surroundings import Desk
from postroom.models.database import open_session
from postroom.models.interface import Scope
from postroom.reports.performance import flow, punctuality, triage
from postroom.reports.periods import Period
from postroom.reports.workload import by_team, open_work

router = APIRouter(prefix="/reports", tags=["reports"])

ReadsReports = Annotated[Caller, Depends(may(Scope.REPORTS))]


@router.get("/performance")
def performance(desk: Desk, by: ReadsReports, first: date, last: date) -> Performance:
    """What came and went from `first` to `last`, which dates were kept, and how suggestions did."""
    period, visible = Period(within_reach(first), within_reach(last)), may_see(by.officer, desk.settings)
    with open_session(desk.engine, read_only=True) as session:
        came_and_went = flow(session, period, desk.calendar, visible)
        kept = punctuality(session, period, desk.today(), desk.calendar, visible)
        suggested = triage(session, period, desk.calendar, visible)
    return Performance(
        first=period.first,
        last=period.last,
        flow=FlowOfPeriod.model_validate(came_and_went),
        punctuality=[TypePunctuality.model_validate(each) for each in kept],
        triage=TriageOfPeriod.model_validate(suggested),
    )


@router.get("/workload")
def workload(desk: Desk, by: ReadsReports) -> Workload:
    """Open cases by team."""
    today = desk.today()
    with open_session(desk.engine, read_only=True) as session:
        until, visible = desk.calendar.add(today, DAYS_AHEAD), may_see(by.officer, desk.settings)
        work = open_work(session, today, until, visible)
    return Workload(
        teams=[LoadOfTeam(team=each.name, open=each.open, late=each.late, soon=each.soon) for each in by_team(work)]
    )
