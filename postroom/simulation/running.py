"""Years of a council's life, simulated: the clock is set, and the code that does the work is the real one.

Cases are changed by casework, letters and reminders are written by their workers and given to a transport that takes
everything. The clock stops twice on each working day: then what has come in is opened, what happened is committed, and
the workers do what is due.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from random import Random
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import col, func, select

from postroom.casework.working_days import Calendar, calendar_of
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.officer import Officer, Role
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import RawMessage
from postroom.models.settings import Settings
from postroom.notifications import delivery, scheduler
from postroom.notifications.envelopes import Mail
from postroom.notifications.pacing import MINUTE
from postroom.simulation.arrivals import Arrival, arrivals
from postroom.simulation.life import Life
from postroom.simulation.office import Office, appoint
from postroom.simulation.rates import Rates
from postroom.simulation.receiving import receive

AFTERNOON = clock_time(14, 0)
"""When the clock stops on working days besides the time of the reminders."""

Progress = Callable[[int, datetime], None]
"""Told how many cases were opened up to which moment."""


@dataclass(frozen=True)
class Plan:
    """What is simulated: so many cases from `start` until before `end`, by chance from `seed`."""

    start: date
    end: date
    cases: int
    seed: int


class Taken:
    """A transport that takes every mail."""

    def send(self, mail: Mail) -> None:
        return


def simulate(
    engine: Engine,
    settings: Settings,
    plan: Plan,
    *,
    rates: Rates | None = None,
    progress: Progress = lambda _opened, _moment: None,
) -> datetime:
    """Live that time into an empty database; returns the moment of their end. The same plan with the same
    configuration gives the same data, but for the random tokens and salts in it. Raises `ImpossibleMove` where the
    database is not empty."""
    _check_empty(engine)
    _never_wait_for_the_disk(engine)
    rates = rates or Rates()
    start = _local(plan.start, clock_time(), settings)
    with open_session(engine) as session:
        staff = appoint(session, settings, start)
        session.commit()
    office = Office(settings, rates, staff, start)
    coming = arrivals(settings, rates, start=plan.start, end=plan.end, cases=plan.cases, seed=plan.seed)
    waiting = next(coming, None)
    opened, known = 0, dict[int, int]()
    for stop in _stops(plan, settings):
        some = []
        while waiting is not None and waiting.received_at <= stop:
            some.append(waiting)
            waiting = next(coming, None)
        _live(engine, office, stop, some, known, plan)
        _work(engine, settings, stop)
        opened += len(some)
        progress(opened, stop)
    return office.now


def _live(
    engine: Engine, office: Office, stop: datetime, some: list[Arrival], known: dict[int, int], plan: Plan
) -> None:
    """What people do up to a moment at which the clock stops, in one transaction."""
    with open_session(engine) as session:
        office.session = session
        office.run_until(stop)
        if some:
            case_ids = receive(session, some, office.settings, office.rates, plan.seed, stop)
            for arrival, case_id in zip(some, case_ids, strict=True):
                known[arrival.number] = case_id
                chance = Random(f"life:{plan.seed}:{arrival.number}")  # noqa: S311
                office.begin(Life(office, arrival, case_id, known, chance).course())
        session.commit()


def _work(engine: Engine, settings: Settings, now: datetime) -> None:
    """What the workers do at a moment."""
    while scheduler.process_one(engine, settings, now):
        pass
    scheduler.sweep(engine, settings, now)
    transport = Taken()
    while _waits(engine, now):  # those that are too many for a minute go in the next
        while delivery.process_one(engine, settings, transport, now):
            pass
        now += MINUTE


def _waits(engine: Engine, now: datetime) -> bool:
    """Whether a mail waits to be sent."""
    waiting = select(OutgoingMail.id).where(
        OutgoingMail.state == MailState.WAITING, col(OutgoingMail.not_before) <= now
    )
    with open_session(engine, read_only=True) as session:
        return session.exec(waiting.limit(1)).first() is not None


def _stops(plan: Plan, settings: Settings) -> Iterator[datetime]:
    """The moments at which the clock stops, in order."""
    calendar: Calendar = calendar_of(settings)
    for n in range((plan.end - plan.start).days):
        day = plan.start + timedelta(days=n)
        if calendar.is_working_day(day):
            yield from (_local(day, time, settings) for time in sorted({settings.reminders.send_at, AFTERNOON}))
    yield _local(plan.end, clock_time(), settings) - timedelta(seconds=1)


def _local(day: date, time: clock_time, settings: Settings) -> datetime:
    return datetime.combine(day, time, tzinfo=settings.council.zone).astimezone(UTC)


def _check_empty(engine: Engine) -> None:
    with open_session(engine, read_only=True) as session:
        for table in (Case, RawMessage, OutgoingMail):
            if session.exec(select(func.count()).select_from(table)).one():
                raise ImpossibleMove("The database is not empty. Name another with --database.")
        staff = select(Officer.id).where(Officer.role != Role.ADMINISTRATOR)
        if session.exec(staff.limit(1)).first() is not None:
            raise ImpossibleMove("The database has officers already. Name an empty one with --database.")


def _never_wait_for_the_disk(engine: Engine) -> None:
    """Simulated data may be made again: what a crash leaves of them is thrown away."""
    off = {"sqlite": "PRAGMA synchronous = OFF", "postgresql": "SET synchronous_commit = off"}[engine.dialect.name]

    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(off)
        cursor.close()
        connection.commit()

    engine.dispose()
    event.listen(engine, "connect", prepare)
