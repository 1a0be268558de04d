"""The ladder of reminders: which rungs something has reached, and when reminders may go out. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from postroom.casework.working_days import Calendar
from postroom.models.reminder_settings import Ladder, Reminders


class Whom(StrEnum):
    """Who is reminded."""

    TEAM = "team"
    """The managers of the case's team."""
    ABOVE = "above"
    """The managers' manager: those in `reminders.escalate_to`."""
    CUSTOMER_RELATIONS = "customer relations"
    OWNER = "owner"
    """The officer who is to do it."""


@dataclass(frozen=True)
class OnLadder:
    """Something that stands on the ladder today, for one kind of person. `about` names it with its date, so that each
    rung is given once and a date that was moved has rungs of its own; `rungs` are those reached, the most urgent last.

    `confidential`: its words are read on the desk alone, never in a mail. `owner_id` is an officer, for `Whom.OWNER`.
    """

    about: str
    whom: Whom
    rungs: tuple[str, ...]
    days_left: int
    reference: str
    subject: str
    type: str
    team: str
    confidential: bool
    to_do: str
    due_on: date | None
    standing: str
    owner_id: int | None = None


def reached(wanted: list[int], days_left: int, overdue_every: int | None = None) -> tuple[str, ...]:
    """The rungs that something with a date has reached; empty while it is early.

    `days_left` is in working days, negative once it is late. Rung due:N is reached with N or fewer left, overdue:N on
    every `overdue_every`-th working day after; of these only the latest counts.
    """
    rungs = [f"due:{n}" for n in sorted(set(wanted), reverse=True) if days_left <= n]
    if overdue_every:
        late = -days_left // overdue_every * overdue_every
        rungs += [f"overdue:{late}"] if late > 0 else []
    return tuple(rungs)


def step_reached(step: str, days_left: int, ladder: Ladder) -> tuple[str, ...]:
    """The rungs that a step of a procedure has reached, for the team's managers."""
    return reached(getattr(ladder, step), days_left, ladder.overdue_every)


def escalated(days_left: int, ladder: Ladder) -> tuple[str, ...]:
    """The rungs that a late step has reached for the managers' manager."""
    return tuple(f"escalated:{late}" for late in sorted(set(ladder.escalate_after)) if -days_left >= late)


def window_reached(days_left: int, ladder: Ladder) -> tuple[str, ...]:
    """The rungs of the time to ask for the next stage: some before its end, and one when it is over."""
    return reached(ladder.window, days_left) + (("over",) if days_left < 0 else ())


def monthly(since: date, today: date) -> tuple[str, ...]:
    """The rung of the latest whole month after `since`; none in the first month."""
    months = (today.year - since.year) * 12 + today.month - since.month - (today.day < since.day)
    return (f"month:{months}",) if months > 0 else ()


def to_give(rungs: tuple[str, ...], given: frozenset[str]) -> tuple[str, ...]:
    """Of the `rungs` reached, those to mark as given now with one reminder; empty where none is due.

    Only the most urgent rung reached is worth a reminder. Milder ones that were missed, as by a machine that slept,
    are marked with it so that they never come later.
    """
    if not rungs or rungs[-1] in given:
        return ()
    return tuple(rung for rung in rungs if rung not in given)


def horizon(today: date, calendar: Calendar, *wanted: list[int]) -> date:
    """The last date that any of the `wanted` numbers of working days left has reached."""
    return calendar.add(today, max((n for some in wanted for n in some), default=0))


def days_ago(today: date, working_days: int, calendar: Calendar) -> date:
    """The last day after which there were `working_days` up to and with `today`."""
    day = today
    while working_days:
        working_days -= calendar.is_working_day(day)
        day -= timedelta(days=1)
    return day


def standing(days_left: int) -> str:
    """How a step stands, in words."""
    if days_left == 0:
        return "due today"
    return f"{in_days(abs(days_left))} {'left' if days_left > 0 else 'late'}"


def in_days(number: int) -> str:
    return f"{number} working day{'' if number == 1 else 's'}"


def in_window(now: datetime, reminders: Reminders, calendar: Calendar) -> bool:
    """Whether reminders may go out at `now`: on the morning of a working day, in the council's zone."""
    local = now.astimezone(calendar.zone)
    return calendar.is_working_day(local.date()) and reminders.send_at <= local.time() <= reminders.send_until
