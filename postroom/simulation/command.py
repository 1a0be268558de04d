"""What `postroom simulate` does: the years with their progress, and then whether everything holds."""

from datetime import date, datetime

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from postroom.models.case import Case, Event
from postroom.models.database import open_session
from postroom.models.failures import Permanent
from postroom.models.outgoing_mail import OutgoingMail, Reminder
from postroom.models.settings import Settings
from postroom.simulation.books import Books
from postroom.simulation.invariants import check
from postroom.simulation.progress import HowFar, shown
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
    """Simulate, and print what came of it. Raises `Permanent` where it is interrupted, or something does not hold."""
    with shown(plan.cases, console) as far:
        ended = _lived(engine, settings, plan, far)
    rate = plan.cases / far.seconds
    console.print(f"{plan.start} to {ended.date()} in {far.seconds:.0f} s, {rate:.1f} cases a second")
    with open_session(engine, read_only=True) as session:
        console.print(_table(_counts(session)))
        console.print("Looking whether all of it holds together …")
        results = check(Books(session, settings, ended))
    for holds, broken in results.items():
        console.print(f"[green]holds[/] {holds}" if not broken else f"[red]broken[/] {holds}: {len(broken)} times")
        for line in broken[:MOST_LINES]:
            console.print(f"  {line}", markup=False)
    if any(results.values()):
        raise Permanent("What was simulated does not hold together.")


def _lived(engine: Engine, settings: Settings, plan: Plan, far: HowFar) -> datetime:
    try:
        return simulate(engine, settings, plan, progress=far)
    except KeyboardInterrupt:
        raise Permanent(
            f"Stopped by you. {far.so_far}. What was simulated so far stays in the database and can be looked at; "
            "another run needs an empty one."
        ) from None


def _counts(session: Session) -> dict[str, int]:
    kinds = session.exec(select(OutgoingMail.kind, func.count()).group_by(col(OutgoingMail.kind)))
    return {
        **dict(session.exec(select(Case.status, func.count()).group_by(col(Case.status))).all()),
        **{f"{kind} mails": number for kind, number in kinds},
        "reminders": session.exec(select(func.count()).select_from(Reminder)).one(),
        "events": session.exec(select(func.count()).select_from(Event)).one(),
    }


def _table(counts: dict[str, int]) -> Table:
    table = Table(show_header=False, box=None)
    for name, number in counts.items():
        table.add_row(name, f"{number:,}")
    table.columns[1].justify = "right"
    return table
