from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from postroom.casework.working_days import calendar_of
from postroom.models.settings import Settings
from postroom.notifications.rungs import in_window
from postroom.notifications.scheduler import build, tick
from tests.notifications.conftest import COMPLAINT, Desk, on_sqlite

WINTER, SUMMER = date(2026, 1, 14), date(2026, 7, 15)
SUMMER_TIME_BEGINS, SUMMER_TIME_ENDS = date(2026, 3, 29), date(2026, 10, 25)


def jobs(engine: Engine, settings: Settings) -> dict[str, Any]:
    return {job.id: job for job in build(engine, settings, lambda: datetime.now(UTC)).get_jobs()}


def fire_times(trigger: Any, day: date) -> list[datetime]:
    """When a trigger fires on one day of UTC."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = moment + timedelta(days=1)
    times = []
    while (fires := trigger.get_next_fire_time(None, moment)) and fires < end:
        times.append(fires)
        moment = fires + timedelta(seconds=1)
    return times


def test_each_job_runs_alone_and_does_not_catch_up(sqlite: Engine, settings: Settings) -> None:
    scheduler = build(sqlite, settings, lambda: datetime.now(UTC))
    scheduler.start(paused=True)
    try:
        assert {job.id for job in scheduler.get_jobs()} == {"acknowledgements", "reminders"}
        for job in scheduler.get_jobs():
            assert (job.max_instances, job.coalesce) == (1, True)
            assert job.misfire_grace_time > 0
    finally:
        scheduler.shutdown()


@pytest.mark.parametrize("day", [WINTER, SUMMER])
def test_reminders_run_within_the_local_morning_in_winter_and_in_summer(
    sqlite: Engine, settings: Settings, day: date
) -> None:
    times = fire_times(jobs(sqlite, settings)["reminders"].trigger, day)
    local = [moment.astimezone(settings.council.zone) for moment in times]
    assert {moment.hour for moment in local} == {8, 9, 10}
    inside = [m for m in times if in_window(m, settings.reminders, calendar_of(settings))]
    assert len(inside) == 19  # each five minutes from 08:30 to 10:00


@pytest.mark.parametrize("day", [SUMMER_TIME_BEGINS, SUMMER_TIME_ENDS])
def test_reminders_do_not_run_on_the_sundays_on_which_clocks_change(
    sqlite: Engine, settings: Settings, day: date
) -> None:
    trigger = jobs(sqlite, settings)["reminders"].trigger
    assert fire_times(trigger, day) == []
    assert fire_times(trigger, day + timedelta(days=1)) != []


def test_what_is_owed_is_looked_for_all_day(sqlite: Engine, settings: Settings) -> None:
    trigger = jobs(sqlite, settings)["acknowledgements"].trigger
    assert trigger.interval <= timedelta(minutes=1)


@on_sqlite
def test_the_jobs_do_the_sweeps(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(datetime(2026, 3, 4, 11, 0, tzinfo=UTC), COMPLAINT)
    clock = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    for job in build(engine, settings, lambda: clock).get_jobs():
        job.func()
    assert [mail.kind for mail in desk.outbox()] == ["letter", "digest"]


@on_sqlite
def test_a_tick_runs_every_sweep_once_and_a_second_finds_nothing(
    engine: Engine, settings: Settings, desk: Desk
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(datetime(2026, 3, 4, 11, 0, tzinfo=UTC), COMPLAINT)
    desk.confirmed(datetime(2026, 3, 4, 11, 0, tzinfo=UTC), COMPLAINT)
    morning = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    assert tick(engine, settings, morning) == 3
    assert tick(engine, settings, morning) == 0
