"""The scheduler's tick with ever more open cases and the same 200 due.

python -m benchmarks.scheduler_tick [1000 100000 1000000]

The rows are inserted in bulk. A tick is what happens on a working morning: letters that are owed are looked for, the
calendar is looked at, and the digests of the day are written. The baseline is the tick with the fewest open cases.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from benchmarks.measuring import council, folder_of_work, fsync_milliseconds
from postroom.casework import calendar_changes
from postroom.models.database import open_engine
from postroom.models.settings import Settings
from postroom.notifications import reminders, scheduler

OPEN_CASES = (1_000, 100_000, 1_000_000)
DUE = 200
MANAGERS = 10
REPEATS = 5
MORNING = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
AIM = 1.5

_ROWS = (
    "CREATE TEMPORARY TABLE n AS "
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :cases) SELECT i FROM n",
    "INSERT INTO person (id, name, created_at, role, postal_address, on_paper, large_print, language, advocate, "
    "advocate_contact, restriction, restriction_reason) "
    "VALUES (1, 'Pat', :received, '', '', 0, 0, '', '', '', '', '')",
    "INSERT INTO feedback_case (id, reference, status, subject, channel, person_id, type, initial_type, "
    "category, team, exclusion, at_risk, sealed, sealed_by_hand, procedure, stage, stage_number, received_at, "
    "confirmed_at, acknowledged_at, version) "
    "SELECT i, 'AR-2026-' || i, 'open', 'The bus never came', 'email', 1, 'complaint', 'complaint', "
    "'service_standards', 'school-transport', 'none', 0, 0, 0, 'corporate', 'stage-1', 1, :received, :received, "
    ":received, 1 FROM n",
    "INSERT INTO deadline (case_id, stage, step, state, started_at, started_by, limit_days, extended_days, "
    "paused_days, due_on, original_due_on, working) "
    "SELECT i, 'stage-1', 'respond', 'open', :received, 'acknowledged', 10, 0, 0, "
    "CASE WHEN i <= :due THEN '2026-03-13' ELSE date('2026-03-23', '+' || (i % 60) || ' days') END, '2026-03-13', '' "
    "FROM n",
    "INSERT INTO event (case_id, number, at, actor, kind, summary, before, after, previous_hash, hash) "
    "SELECT i, 1, :received, 'officer:1', 'confirmed', 'Confirmed as complaint', '{}', '{}', '', "
    "hex(randomblob(32)) FROM n",
)
_FORGET = ("DELETE FROM reminder", "DELETE FROM outgoing_mail")


def fill(engine: Engine, cases: int) -> None:
    """So many open cases, of which the first 200 are due in two days."""
    received = (MORNING - timedelta(days=1)).replace(tzinfo=None).isoformat(" ", "microseconds")
    with engine.begin() as connection:
        for row in _ROWS:
            wanted = {"cases": cases, "due": DUE, "received": received}
            connection.execute(text(row), {name: wanted[name] for name in wanted if f":{name}" in row})
        for number in range(1, MANAGERS + 1):
            connection.execute(
                text(
                    "INSERT INTO officer (id, email, name, role, password_hash, active, created_at, failed_sign_ins) "
                    "VALUES (:id, :email, 'Mona', 'manager', '', 1, :at, 0)"
                ),
                {"id": number, "email": f"mona-{number}@ardenshire.example", "at": received},
            )
            connection.execute(
                text("INSERT INTO team_member (officer_id, team) VALUES (:id, 'school-transport')"), {"id": number}
            )


def milliseconds(step: Callable[[], int], before: Callable[[], None] = lambda: None) -> tuple[float, int]:
    """The median of the processor's time for a step over some runs, and what it returned the last time. Time by the
    clock says nothing on a crowded machine: the waits for the disk are few, and the same for each size."""
    times = []
    for _ in range(REPEATS):
        before()
        begin = time.process_time()
        result = step()
        times.append((time.process_time() - begin) * 1000)
    return statistics.median(times), result


def measure(folder: Path, cases: int) -> dict[str, float]:
    """What each part of a tick takes with so many open cases, in milliseconds, and the size of the database."""
    settings: Settings = council(folder)
    engine = open_engine(settings.database_url)
    begin = time.perf_counter()
    fill(engine, cases)
    filled = time.perf_counter() - begin
    calendar_changes.recount(engine, settings, MORNING)

    def forget() -> None:
        with engine.begin() as connection:
            for statement in _FORGET:
                connection.execute(text(statement))

    scheduler.sweep(engine, settings, MORNING)
    found = {"fsync": fsync_milliseconds(folder), "filled s": filled}
    found["digests"], written = milliseconds(lambda: reminders.remind(engine, settings, MORNING), forget)
    assert written == MANAGERS, written
    found["nothing new"], written = milliseconds(lambda: reminders.remind(engine, settings, MORNING))
    assert written == 0
    found["letters"], _ = milliseconds(lambda: scheduler.sweep(engine, settings, MORNING))
    found["whole tick"], _ = milliseconds(lambda: scheduler.tick(engine, settings, MORNING), forget)
    engine.dispose()
    found["MB"] = (folder / "postroom.db").stat().st_size / 1e6
    return found


def main(numbers: tuple[int, ...]) -> None:
    base: dict[str, float] = {}
    for cases in numbers:
        with folder_of_work() as folder:
            found = measure(folder, cases)
        base = base or found
        print(f"{cases:,} open cases, {DUE} due ({found['MB']:,.0f} MB, filled in {found['filled s']:.0f} s, "
              f"fsync {found['fsync']:.2f} ms)")  # fmt: skip
        for part in ("digests", "nothing new", "letters", "whole tick"):
            print(f"  {part:<12} {found[part]:8.1f} ms   {found[part] / base[part]:6.2f} times the first")
        print(f"  aim for the digests: {AIM} times", flush=True)


if __name__ == "__main__":
    main(tuple(int(number) for number in sys.argv[1:]) or OPEN_CASES)
