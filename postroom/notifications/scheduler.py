"""When the sweeps run. A sweep that runs twice, or in two processes at once, changes nothing the second time."""

from collections.abc import Callable
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine

from postroom.models.settings import Settings
from postroom.notifications import acknowledgements, reminders

SWEEP_SECONDS = 5
REMIND_EVERY_MINUTES = 5
GRACE_SECONDS = 240
"""A run that comes later than this, as on a machine that slept, is left to the next one."""


def sweep(engine: Engine, settings: Settings, now: datetime) -> int:
    """Write every alert and letter that is owed; returns how many."""
    written = 0
    while acknowledgements.process_one(engine, settings, now):
        written += 1
    return written


def tick(engine: Engine, settings: Settings, now: datetime) -> int:
    """Run every sweep once; returns how many mails were written."""
    return sweep(engine, settings, now) + reminders.remind(engine, settings, now)


def build(engine: Engine, settings: Settings, clock: Callable[[], datetime]) -> BackgroundScheduler:
    """The scheduler with its jobs, not yet started. `clock` gives the present, aware."""
    zone = settings.council.zone
    scheduler = BackgroundScheduler(
        timezone=zone,
        job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": GRACE_SECONDS},
    )
    scheduler.add_job(
        lambda: sweep(engine, settings, clock()),
        IntervalTrigger(seconds=SWEEP_SECONDS, timezone=zone),
        id="acknowledgements",
    )
    window = settings.reminders
    scheduler.add_job(
        lambda: reminders.remind(engine, settings, clock()),
        CronTrigger(
            day_of_week="mon-fri",
            hour=f"{window.send_at.hour}-{window.send_until.hour}",
            minute=f"*/{REMIND_EVERY_MINUTES}",
            timezone=zone,
        ),
        id="reminders",
    )
    return scheduler
