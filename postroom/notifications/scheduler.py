"""When the sweeps run: one table of schedules, with what each does and when.

When a schedule last ran stands in the database. Whoever finds that it should have run since claims it, so that of
several processes one runs it; what was missed while nobody ran is made up for once. A run that fails, or whose process
dies, is claimed again when its claim has ended: every sweep may run twice and changes nothing the second time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import Engine, update
from sqlmodel import col

from postroom.casework import calendar_changes
from postroom.models.database import open_session
from postroom.models.inserting import insert_into
from postroom.models.schedule import ScheduleRun
from postroom.models.settings import Settings
from postroom.notifications import acknowledgements, reminders

IDLE_SECONDS = 15
"""How long after its time a schedule may begin."""


@dataclass(frozen=True)
class Schedule:
    """Something that is done at set times. `run` is given the engine, the settings and the present."""

    name: str
    trigger: BaseTrigger
    run: Callable[[Engine, Settings, datetime], int]

    def is_due(self, last_run: datetime, now: datetime) -> bool:
        """Whether it should have run after `last_run` and up to `now`, however often."""
        fires = self.next_run(last_run)
        return fires is not None and fires <= now

    def next_run(self, after: datetime) -> datetime | None:
        """The first time after a moment at which it should run, in UTC."""
        fires = self.trigger.get_next_fire_time(None, after.astimezone(UTC) + timedelta(microseconds=1))
        return None if fires is None else fires.astimezone(UTC)


def schedules(settings: Settings) -> tuple[Schedule, ...]:
    """All schedules, in the council's zone. None is at night: an hour that clocks pass twice or not at all has no
    place in them."""
    zone, send_at = settings.council.zone, settings.reminders.send_at
    working_mornings = CronTrigger(day_of_week="mon-fri", hour=send_at.hour, minute=send_at.minute, timezone=zone)
    return (
        Schedule("calendar", CronTrigger(hour="6-20", minute=5, timezone=zone), calendar_changes.recount),
        Schedule("reminders", working_mornings, reminders.remind),
    )


def process_one(engine: Engine, settings: Settings, now: datetime) -> bool:
    """Run one schedule that is due; False where none is. Raises what its run raises; it is tried again later."""
    return any(_run(engine, settings, schedule, now) for schedule in schedules(settings))


def sweep(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write every alert and letter that is owed; returns how many."""
    written = 0
    while acknowledgements.process_one(engine, settings, now):
        written += 1
    return written


def tick(engine: Engine, settings: Settings, now: datetime) -> int:
    """Run every sweep once, whenever it ran last; returns how many mails were written."""
    calendar_changes.recount(engine, settings, now)
    return sweep(engine, settings, now) + reminders.remind(engine, settings, now)


def _run(engine: Engine, settings: Settings, schedule: Schedule, now: datetime) -> bool:
    claimed_until = _claim(engine, settings, schedule, now)
    if claimed_until is None:
        return False
    schedule.run(engine, settings, now)
    with open_session(engine) as session:
        mine = update(ScheduleRun).where(
            col(ScheduleRun.name) == schedule.name, col(ScheduleRun.claimed_until) == claimed_until
        )
        session.connection().execute(mine.values(last_run=now, claimed_until=now))
        session.commit()
    return True


def _claim(engine: Engine, settings: Settings, schedule: Schedule, now: datetime) -> datetime | None:
    """Until when a schedule is ours to run; None where it is not due, or somebody else runs it."""
    with open_session(engine, read_only=True) as session:
        found = session.get(ScheduleRun, schedule.name)
    if found is None:
        found = _first(engine, settings, schedule, now)
    if found.claimed_until > now or not schedule.is_due(found.last_run, now):
        return None
    until = now + settings.workers.lease
    with open_session(engine) as session:
        unchanged = update(ScheduleRun).where(
            col(ScheduleRun.name) == schedule.name,
            col(ScheduleRun.last_run) == found.last_run,
            col(ScheduleRun.claimed_until) == found.claimed_until,
        )
        claimed = session.connection().execute(unchanged.values(claimed_until=until))
        session.commit()
    return until if claimed.rowcount == 1 else None


def _first(engine: Engine, settings: Settings, schedule: Schedule, now: datetime) -> ScheduleRun:
    """The row of a schedule that never ran: what this day had in store for it is still to be done."""
    today = now.astimezone(settings.council.zone).date()
    midnight = datetime.combine(today, time(), tzinfo=settings.council.zone).astimezone(UTC)
    with open_session(engine) as session:
        connection = session.connection()
        first = insert_into(ScheduleRun, connection.dialect.name).on_conflict_do_nothing()
        connection.execute(first, {"name": schedule.name, "last_run": midnight, "claimed_until": midnight})
        session.commit()
        return session.get_one(ScheduleRun, schedule.name)
