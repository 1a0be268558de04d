"""What `postroom simulate` does: the years with their progress, and then whether everything holds."""

import time
from datetime import date

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import Engine
from sqlmodel import col, func, select

from postroom.models.case import Case, Event
from postroom.models.database import open_session
from postroom.models.failures import Permanent
from postroom.models.outgoing_mail import OutgoingMail, Reminder
from postroom.models.settings import Settings
from postroom.simulation.invariants import Books, check
from postroom.simulation.running import Plan, simulate

MOST_LINES = 10
"""How many lines of what breaks a check are printed."""


def plan_for(years: int, cases: int, seed: int, start: date | None, *, today: date) -> Plan:
    """So many years from `start`; where none is named, so many reporting years that have ended by `today`."""
    if start is None:
        ended = today.year if (today.month, today.day) >= (4, 1) else today.year - 1
        start = date(ended - years, 4, 1)
    leap_day = (start.month, start.day) == (2, 29)
    end = date(start.year + years, 3, 1) if leap_day else start.replace(year=start.year + years)
    return Plan(start, end, cases, seed)


def run(engine: Engine, settings: Settings, plan: Plan, console: Console) -> None:
    """Simulate, and print what came of it. Raises `Permanent` where something does not hold."""
    begin = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("Cases", total=plan.cases)
        ended = simulate(engine, settings, plan, progress=lambda done, _total: progress.update(task, completed=done))
    seconds = time.perf_counter() - begin
    with open_session(engine, read_only=True) as session:
        counts = {
            **dict(session.exec(select(Case.status, func.count()).group_by(col(Case.status))).all()),
            **{
                f"{kind} mails": number
                for kind, number in session.exec(select(OutgoingMail.kind, func.count()).group_by(OutgoingMail.kind))
            },
            "reminders": session.exec(select(func.count()).select_from(Reminder)).one(),
            "events": session.exec(select(func.count()).select_from(Event)).one(),
        }
        console.print(f"{plan.start} to {ended.date()} in {seconds:.0f} s, {plan.cases / seconds:.1f} cases a second")
        console.print(_table(counts))
        results = check(Books(session, settings, ended))
    for holds, broken in results.items():
        console.print(f"[green]holds[/] {holds}" if not broken else f"[red]broken[/] {holds}: {len(broken)} times")
        for line in broken[:MOST_LINES]:
            console.print(f"  {line}", markup=False)
    if any(results.values()):
        raise Permanent("What was simulated does not hold together.")


def _table(counts: dict[str, int]) -> Table:
    table = Table(show_header=False, box=None)
    for name, number in counts.items():
        table.add_row(name, f"{number:,}")
    table.columns[1].justify = "right"
    return table
