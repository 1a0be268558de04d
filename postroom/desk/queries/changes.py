"""What changed on a case since somebody saw it, so that nobody answers what is no longer so."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from postroom.casework.working_days import Calendar
from postroom.desk.wording import count, when
from postroom.models.case import Case, Event
from postroom.models.officer import Officer

_BY_OFFICER = "officer:"
_QUIET = ("messages read", "mail sent again")
"""Kinds of changes that no form has to mind."""
_EXPECTED = ("acknowledged",)
"""The same where no officer did it: the letter went out that was to go."""


@dataclass(frozen=True)
class Since:
    """The last of the changes since somebody saw a case. `who` is "You" for themselves, and ours for a worker; `number`
    says how many changes there were."""

    who: str
    summary: str
    at: datetime
    number: int

    def words(self, what: str, now: datetime, calendar: Calendar) -> str:
        """As "Charlie changed AR-2026-000001 today at 10:05: Point 1 noted."; `what` is the case's name."""
        others = f" It is the last of {count(self.number, 'change', 'changes')}." if self.number > 1 else ""
        return f"{self.who} changed {what} {when(self.at, now, calendar)}: {self.summary}.{others}"


def changed_since(session: Session, case: Case, seen: str, officer_id: int) -> Since | None:
    """What changed since the version `seen`, as it stood in a page; None where nothing did that matters."""
    if seen == str(case.version):
        return None
    number = int(seen) if re.fullmatch(r"\d{1,9}", seen, re.ASCII) else 0
    query = select(Event).where(Event.case_id == case.id, col(Event.number) > number, col(Event.kind).not_in(_QUIET))
    events = [
        event
        for event in session.exec(query.order_by(col(Event.number).desc()))
        if event.actor.startswith(_BY_OFFICER) or event.kind not in _EXPECTED
    ]
    if not events:
        return None
    last = events[0]
    return Since(_who(session, last.actor, officer_id), last.summary, last.at, len(events))


def _who(session: Session, actor: str, officer_id: int) -> str:
    if not actor.startswith(_BY_OFFICER):
        return "Postroom"
    found = session.get(Officer, int(actor.removeprefix(_BY_OFFICER)))
    if found is None:
        return "Somebody"
    return "You" if found.id == officer_id else found.name
