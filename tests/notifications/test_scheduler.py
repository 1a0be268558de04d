from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework.working_days import calendar_of
from postroom.models.calendar import CalendarUsed
from postroom.models.case import Deadline
from postroom.models.database import open_engine, open_session
from postroom.models.schedule import ScheduleRun
from postroom.models.settings import Settings
from postroom.notifications import scheduler
from postroom.notifications.rungs import in_window
from postroom.notifications.scheduler import Schedule, process_one, schedules, tick
from postroom.processes import schedulers
from tests.notifications.conftest import COMPLAINT, Desk, on_sqlite
from tests.notifications.together import both, both_processes

SUMMER_TIME_BEGINS, SUMMER_TIME_ENDS = date(2026, 3, 29), date(2026, 10, 25)
RECEIVED = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)


def runs(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    fires = schedule.next_run(after)
    while fires is not None and fires <= until:
        yield fires
        fires = schedule.next_run(fires)


def named(settings: Settings, name: str) -> Schedule:
    return next(schedule for schedule in schedules(settings) if schedule.name == name)


def last_run(engine: Engine, name: str) -> datetime:
    with open_session(engine, read_only=True) as session:
        return session.get_one(ScheduleRun, name).last_run


class Counted:
    """Something that is scheduled each hour, and when it ran."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, fails: int = 0) -> None:
        self.at: list[datetime] = []
        self.fails = fails
        schedule = Schedule("counted", IntervalTrigger(hours=1, start_date=RECEIVED, timezone=UTC), self.run)
        monkeypatch.setattr(scheduler, "schedules", lambda _: (schedule,))

    def run(self, _engine: Engine, _settings: Settings, now: datetime) -> int:
        self.at.append(now)
        if len(self.at) <= self.fails:
            raise OSError("for once")
        return 0


# the table


@pytest.mark.parametrize("year", [2026, 2027])
def test_reminders_run_once_on_each_weekday_within_the_local_morning_summer_and_winter(
    settings: Settings, year: int
) -> None:
    begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, tzinfo=UTC)
    times = list(runs(named(settings, "reminders"), begin, end))
    local = [moment.astimezone(settings.council.zone) for moment in times]
    weekdays = [begin.date() + timedelta(days=n) for n in range(365)]
    assert [moment.date() for moment in local] == [day for day in weekdays if day.weekday() < 5]
    assert {(moment.hour, moment.minute) for moment in local} == {(8, 30)}
    calendar = calendar_of(settings)
    assert all(in_window(m, settings.reminders, calendar) for m in times if calendar.is_working_day(m.date()))


@pytest.mark.parametrize(
    ("clocks_change", "before", "after"),
    [
        (SUMMER_TIME_BEGINS, "2026-03-27 08:30", "2026-03-30 07:30"),
        (SUMMER_TIME_ENDS, "2026-10-23 07:30", "2026-10-26 08:30"),
    ],
)
def test_around_the_change_of_the_clocks_reminders_run_at_half_past_eight_in_london(
    settings: Settings, clocks_change: date, before: str, after: str
) -> None:
    sunday = datetime(clocks_change.year, clocks_change.month, clocks_change.day, tzinfo=UTC)
    times = runs(named(settings, "reminders"), sunday - timedelta(days=2), sunday + timedelta(days=1, hours=20))
    assert [f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" for moment in times] == [before, after]


@pytest.mark.parametrize("day", [SUMMER_TIME_BEGINS, SUMMER_TIME_ENDS, date(2026, 1, 14), date(2026, 7, 15)])
def test_the_calendar_is_looked_at_each_hour_of_the_day_also_when_the_clocks_change(
    settings: Settings, day: date
) -> None:
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
    times = list(runs(named(settings, "calendar"), begin, begin + timedelta(hours=23)))
    assert [moment.astimezone(settings.council.zone).hour for moment in times] == list(range(6, 21))
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(hours=1)}


@pytest.mark.parametrize("day", [SUMMER_TIME_BEGINS, SUMMER_TIME_ENDS])
def test_whenever_a_schedule_ran_its_next_run_is_later_also_when_the_clocks_change(
    settings: Settings, day: date
) -> None:
    begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=1)
    for schedule in schedules(settings):
        for ran in (begin + timedelta(minutes=n) for n in range(0, 26 * 60, 5)):
            following = schedule.next_run(ran)
            assert following is not None
            assert following > ran
            assert not schedule.is_due(ran, ran)
            local = following.astimezone(settings.council.zone)
            assert 6 <= local.hour < 21


def test_every_schedule_follows_the_councils_settings(settings: Settings) -> None:
    later = settings.reminders.model_copy(update={"send_at": settings.reminders.send_at.replace(hour=9, minute=15)})
    moved = settings.model_copy(
        update={"reminders": later, "council": settings.council.model_copy(update={"time_zone": "Europe/Paris"})}
    )
    next_run = named(moved, "reminders").next_run(RECEIVED)
    assert next_run is not None
    assert f"{next_run:%H:%M}" == "08:15"  # in UTC


# running


def test_a_schedule_runs_when_its_time_has_come_and_not_again_before_the_next(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch)
    process_one(engine, settings, RECEIVED)
    ran = [minute for minute in range(1, 181) if process_one(engine, settings, RECEIVED + timedelta(minutes=minute))]
    assert ran == [60, 120, 180]
    assert len(counted.at) == 4


@on_sqlite
def test_what_a_machine_missed_while_it_slept_is_made_up_for_once(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch)
    process_one(engine, settings, RECEIVED)
    week_later = RECEIVED + timedelta(days=7, minutes=20)
    assert [process_one(engine, settings, week_later) for _ in range(3)] == [True, False, False]
    assert len(counted.at) == 2
    assert last_run(engine, "counted") == week_later


def test_of_two_schedulers_one_runs_it(engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted(monkeypatch)
    assert sorted(both(lambda: process_one(engine, settings, RECEIVED))) == [False, True]
    assert sorted(both(lambda: process_one(engine, settings, RECEIVED + timedelta(hours=1)))) == [False, True]
    assert len(counted.at) == 2


def test_two_scheduler_processes_at_once_run_each_schedule_once(database_url: str, settings: Settings) -> None:
    engine = open_engine(database_url)
    desk = Desk(engine, settings)
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    engine.dispose()

    def run_all() -> int:
        own = open_engine(database_url)
        return sum(process_one(own, settings, MORNING) for _ in schedules(settings))

    assert sum(both_processes(run_all)) == len(schedules(settings))
    assert [mail.kind for mail in desk.outbox()] == ["digest"]
    with open_session(engine) as session:
        assert len(session.exec(select(CalendarUsed)).all()) == 1
    engine.dispose()


@on_sqlite
def test_a_run_that_failed_is_tried_again_when_its_claim_has_ended(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch, fails=1)
    with pytest.raises(OSError, match="for once"):
        process_one(engine, settings, RECEIVED)
    assert process_one(engine, settings, RECEIVED + timedelta(seconds=30)) is False
    assert process_one(engine, settings, RECEIVED + settings.workers.lease) is True
    assert len(counted.at) == 2


@on_sqlite
def test_one_schedule_that_fails_does_not_keep_the_others_from_running(
    engine: Engine, settings: Settings, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)

    def broken(*_: Any) -> int:
        raise OSError("the calendar")

    table = [replace(s, run=broken) if s.name == "calendar" else s for s in schedules(settings)]
    monkeypatch.setattr(scheduler, "schedules", lambda _: table)
    with pytest.raises(OSError, match="the calendar"):
        process_one(engine, settings, MORNING)
    assert process_one(engine, settings, MORNING + timedelta(seconds=20)) is True
    assert [mail.kind for mail in desk.outbox()] == ["digest"]


@on_sqlite
@pytest.mark.parametrize(
    ("woken", "digests"),
    [("2026-03-18 09:15", 1), ("2026-03-18 12:00", 0), ("2026-03-21 09:00", 0)],  # a Wednesday, and a Saturday
)
def test_a_machine_that_slept_for_a_week_sends_one_digest_and_on_a_working_morning_alone(
    engine: Engine, settings: Settings, desk: Desk, woken: str, digests: int
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    while process_one(engine, settings, MORNING - timedelta(hours=2)):
        pass
    moment = datetime.strptime(woken, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    for _ in range(5):
        process_one(engine, settings, moment)
    assert len(desk.outbox()) == digests
    next_working_morning = datetime(2026, 3, 23, 8, 30, tzinfo=UTC)
    while process_one(engine, settings, next_working_morning):
        pass
    assert [mail.created_at for mail in desk.outbox()][digests:] == [next_working_morning]


@on_sqlite
def test_a_day_off_that_was_announced_late_moves_deadlines_within_the_hour(
    engine: Engine, settings: Settings, desk: Desk
) -> None:
    desk.confirmed(RECEIVED, COMPLAINT)
    while process_one(engine, settings, MORNING):
        pass
    council = settings.council.model_copy(update={"closure_days": [date(2026, 3, 11)]})
    changed = settings.model_copy(update={"council": council})
    later = MORNING + timedelta(hours=1)
    while process_one(engine, changed, later):
        pass
    with open_session(engine) as session:
        due = {deadline.step: deadline.due_on for deadline in session.exec(select(Deadline))}
    assert due["acknowledge"] == date(2026, 3, 12)


@on_sqlite
def test_the_daemons_write_letters_and_digests(engine: Engine, settings: Settings, desk: Desk) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    for daemon in schedulers(engine, settings, lambda: MORNING):
        while daemon.step():
            pass
    assert [mail.kind for mail in desk.outbox()] == ["letter", "digest"]


@on_sqlite
def test_a_tick_runs_every_sweep_once_and_a_second_finds_nothing(
    engine: Engine, settings: Settings, desk: Desk
) -> None:
    desk.officer("Mona", teams=("school-transport",))
    desk.confirmed(RECEIVED, COMPLAINT)
    desk.confirmed(RECEIVED, COMPLAINT)
    assert tick(engine, settings, MORNING) == 3
    assert tick(engine, settings, MORNING) == 0
