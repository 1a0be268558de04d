"""The officers of a simulated council, the clock on their wall, and what they have begun."""

import heapq
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import cache
from itertools import count, cycle
from random import Random
from typing import Any

from sqlmodel import Session

from postroom.casework import cases
from postroom.casework.working_days import calendar_of
from postroom.models.officer import Officer, Role, TeamMember
from postroom.models.settings import Settings
from postroom.simulation.rates import Rates

TEAMS_OF_A_MANAGER = 5
NAMES = "Aisha Ben Carol Dev Emma Faith Gareth Helen Imran Jo Kofi Lena Marek Nisha Owen Pauline Rafi Sian".split()

Course = Iterator[datetime]
"""Something that goes on: it gives the moment of its next step, which is after the present one."""


@dataclass(frozen=True)
class Staff:
    """Who works here, by their ids. `officers` and `managers` are by team."""

    sorters: tuple[int, ...]
    officers: dict[str, int]
    managers: dict[str, int]

    def sorter(self, rng: Random) -> int:
        """Somebody of customer relations."""
        return rng.choice(self.sorters)


def appoint(session: Session, settings: Settings, now: datetime) -> Staff:
    """An officer for each team, a manager for a few teams of a service, and three people who sort what comes in. None
    of them has a password, so nobody can sign in as one."""
    names = cycle(NAMES)
    teams_of: dict[str, list[str]] = {}

    def person(local: str, role: Role, teams: list[str]) -> Officer:
        email = f"{local}@{settings.council.domain}"
        teams_of[email] = teams
        return Officer(email=email, name=next(names), role=role, password_hash="", created_at=now)

    sorters = [person(f"relations-{n}", Role.CUSTOMER_RELATIONS, []) for n in (1, 2, 3)]
    officers = {team: person(f"officer-{team}", Role.OFFICER, [team]) for team in settings.teams}
    managers: dict[str, Officer] = {}
    for service in dict.fromkeys(team.service for team in settings.teams.values()):
        teams = [id_ for id_, team in settings.teams.items() if team.service == service]
        for start in range(0, len(teams), TEAMS_OF_A_MANAGER):
            some = teams[start : start + TEAMS_OF_A_MANAGER]
            managers |= dict.fromkeys(some, person(f"manager-{some[0]}", Role.MANAGER, some))
    everybody = {officer.email: officer for officer in (*sorters, *officers.values(), *managers.values())}
    session.add_all(everybody.values())
    session.flush()
    session.add_all(
        TeamMember(officer_id=officer.id or 0, team=team)
        for email, officer in everybody.items()
        for team in teams_of[email]
    )
    return Staff(
        tuple(officer.id or 0 for officer in sorters),
        {team: officer.id or 0 for team, officer in officers.items()},
        {team: officer.id or 0 for team, officer in managers.items()},
    )


@cache
def _takes(move: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(move).parameters)


class Office:
    """Where lives of cases go on, each step at its moment, in the order of time. `session` is that of the moment; its
    owner commits."""

    def __init__(self, settings: Settings, rates: Rates, staff: Staff, start: datetime) -> None:
        self.settings = settings
        self.rates = rates
        self.staff = staff
        self.calendar = calendar_of(settings)
        self.now = start
        self.session: Session
        self._going: list[tuple[datetime, int, Course]] = []
        self._numbers = count()

    def begin(self, course: Course) -> None:
        """Let something go on by itself."""
        self._go_on(course)

    def run_until(self, moment: datetime) -> None:
        """Take every step up to `moment`, which is then the present."""
        while self._going and self._going[0][0] <= moment:
            self.now, _, course = heapq.heappop(self._going)
            self._go_on(course)
        self.now = moment

    def make(self, move: Callable[..., Any], *arguments: Any, by: int, **rest: Any) -> Any:
        """Make a move of casework as an officer does now."""
        given = {"officer_id": by, "actor": cases.officer(by), "settings": self.settings, "now": self.now}
        taken = _takes(move)
        return move(self.session, *arguments, **{k: v for k, v in given.items() if k in taken}, **rest)

    def today(self) -> date:
        return self.calendar.local_day(self.now)

    def after(self, working_days: int, rng: Random) -> datetime:
        """A moment in working hours so many working days from now."""
        return self.on(self.calendar.add(self.today(), working_days), rng)

    def on(self, day: date, rng: Random) -> datetime:
        """A moment in working hours of a day; on a day off or if that is over, of the next working day."""
        while True:
            if self.calendar.is_working_day(day):
                minute = rng.randrange(9 * 60, 17 * 60)
                local = datetime.combine(day, clock_time(minute // 60, minute % 60), tzinfo=self.calendar.zone)
                moment = local.astimezone(UTC)
                if moment > self.now:
                    return moment
            day += timedelta(days=1)

    def _go_on(self, course: Course) -> None:
        following = next(course, None)
        if following is not None:
            assert following > self.now, "time goes on"
            heapq.heappush(self._going, (following, next(self._numbers), course))
