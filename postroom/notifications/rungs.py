"""The ladder of reminders: which rung a deadline has reached, and when reminders may go out. Pure."""

from datetime import datetime

from postroom.casework.working_days import Calendar
from postroom.models.settings import Ladder, Reminders


def reached(step: str, days_left: int, ladder: Ladder) -> tuple[str, ...]:
    """The rungs that a step has reached, the most urgent last; empty while it is early.

    `days_left` is in working days, negative once the step is late. Rung due:N is reached with N or fewer left,
    overdue:N on every `overdue_every`-th working day after; of these only the latest counts.
    """
    due = ladder.acknowledge if step == "acknowledge" else ladder.respond
    rungs = [f"due:{n}" for n in sorted(set(due), reverse=True) if days_left <= n]
    late = -days_left // ladder.overdue_every * ladder.overdue_every
    if late > 0:
        rungs.append(f"overdue:{late}")
    return tuple(rungs)


def to_give(step: str, days_left: int, ladder: Ladder, given: frozenset[str]) -> tuple[str, ...]:
    """The rungs to mark as given now with one reminder; empty where none is due.

    Only the most urgent rung reached is worth a reminder. Milder ones that were missed, as by a machine that slept,
    are marked with it so that they never come later.
    """
    rungs = reached(step, days_left, ladder)
    if not rungs or rungs[-1] in given:
        return ()
    return tuple(rung for rung in rungs if rung not in given)


def standing(days_left: int) -> str:
    """How a step stands, in words."""
    if days_left == 0:
        return "due today"
    days = f"{abs(days_left)} working day{'' if abs(days_left) == 1 else 's'}"
    return f"{days} left" if days_left > 0 else f"{days} late"


def in_window(now: datetime, reminders: Reminders, calendar: Calendar) -> bool:
    """Whether reminders may go out at `now`: on the morning of a working day, in the council's zone."""
    local = now.astimezone(calendar.zone)
    return calendar.is_working_day(local.date()) and reminders.send_at <= local.time() <= reminders.send_until
