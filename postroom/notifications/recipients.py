"""Who is reminded of what, of those whom mail can reach."""

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session, col, select

from postroom.models.officer import Officer, Role, TeamMember, is_member
from postroom.models.settings import Settings
from postroom.notifications.envelopes import usable_address
from postroom.notifications.rungs import OnLadder, Whom

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipient:
    officer_id: int
    email: str
    name: str
    role: str
    teams: frozenset[str] = field(default=frozenset(), compare=False)

    def may_read(self, entry: OnLadder) -> bool:
        """Whether a mail to them may show what a case is about: the desk shows it to them, and it is not sealed."""
        everywhere = self.role in (Role.CUSTOMER_RELATIONS, Role.ADMINISTRATOR)
        return not entry.confidential and (everywhere or entry.team in self.teams)


class Recipients:
    """The officers as they are now, in the teams of which they are members on this day."""

    def __init__(self, session: Session, settings: Settings, now: datetime) -> None:
        self.settings = settings
        today = now.astimezone(settings.council.zone).date()
        teams: dict[int, set[str]] = defaultdict(set)
        for officer_id, team in session.exec(select(TeamMember.officer_id, TeamMember.team).where(is_member(today))):
            teams[officer_id].add(team)
        officers = session.exec(select(Officer).where(col(Officer.active)).order_by(col(Officer.id)))
        self.all = [
            Recipient(o.id, o.email, o.name, o.role, frozenset(teams[o.id]))
            for o in officers
            if o.id is not None and usable_address(o.email)
        ]

    def of(self, entry: OnLadder) -> list[Recipient]:
        """Whom `entry` is for; where there is none of them customer relations, and in the end the administrators."""
        if entry.whom == Whom.OWNER:
            found = [each for each in self.all if each.officer_id == entry.owner_id] or self._managers(entry.team)
        elif entry.whom == Whom.ABOVE:
            found = self._above(entry.team)
        elif entry.whom == Whom.TEAM:
            found = self._managers(entry.team)
        else:
            found = []
        return found or self._customer_relations()

    def _managers(self, team: str) -> list[Recipient]:
        return [each for each in self.all if each.role == Role.MANAGER and team in each.teams]

    def _above(self, team: str) -> list[Recipient]:
        service = self.settings.teams[team].service if team in self.settings.teams else ""
        addresses = self.settings.reminders.escalate_to.get(service, [])
        for unknown in sorted(set(addresses) - {each.email for each in self.all}):
            log.warning("reminders.escalate_to.%s: there is no active officer %s", service, unknown)
        return [each for each in self.all if each.email in addresses]

    def _customer_relations(self) -> list[Recipient]:
        team = self.settings.reminders.fallback_team
        everybody = [each for each in self.all if each.role == Role.CUSTOMER_RELATIONS]
        of_team = [each for each in self.all if team in each.teams and each.role == Role.MANAGER]
        of_team += [each for each in everybody if team in each.teams]
        return of_team or everybody or [each for each in self.all if each.role == Role.ADMINISTRATOR]
