"""Simulated cases a second: the whole life of cases through casework, letters, reminders and the outbox.

python -m benchmarks.simulation_rate [1000]

So many cases come in half a year, which is about as dense as 20,000 in three years for the default of 3,300. What a
day costs when nothing happens is measured first, by the same half-year with one case.
"""

import sys
import time
from datetime import date
from pathlib import Path

from benchmarks.measuring import council, folder_of_work
from postroom.models.database import open_engine
from postroom.simulation.running import Plan, simulate

START, END = date(2025, 4, 1), date(2025, 10, 1)
CASES = 3_300


def seconds(folder: Path, cases: int) -> tuple[float, float]:
    """The time that so many cases take: by the clock, and of the processor."""
    settings = council(folder)
    engine = open_engine(settings.database_url)
    begin, worked = time.perf_counter(), time.process_time()
    simulate(engine, settings, Plan(START, END, cases, seed=1))
    engine.dispose()
    return time.perf_counter() - begin, time.process_time() - worked


def main(cases: int) -> None:
    with folder_of_work() as folder:
        _, idle = seconds(folder, 1)
    with folder_of_work() as folder:
        clock, worked = seconds(folder, cases)
    days = (END - START).days
    print(f"{cases:,} cases in {days} days: {clock:.0f} s, of the processor {worked:.0f} s")
    print(f"  {cases / clock:6.1f} cases a second by the clock, {cases / worked:.1f} of the processor's time")
    print(f"  {1000 * idle / days:6.1f} ms of the processor for a day on which nothing happens")
    print(f"  {1000 * (worked - idle) / cases:6.1f} ms of the processor for a case besides")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CASES)
