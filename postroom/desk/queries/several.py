"""Messages that may be confirmed together: sure compliments, and campaigns."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, select
from sqlmodel import Session, col

from postroom.casework.labels import Labels
from postroom.desk.queries.campaigns import LEAST, campaigns_awaiting
from postroom.desk.queries.waiting import Entry, Queue
from postroom.desk.wording import VERY_SURE_FROM
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.settings import NO_CATEGORY, NO_EXCLUSION, Settings

COMPLIMENT = "compliment"
MOST = 40
"""So many are confirmed at once; a look at more would be none."""
MOST_GROUPS = 5


@dataclass(frozen=True)
class Member:
    """One message of a group, with the words to look at."""

    reference: str
    version: int
    subject: str
    sender: str
    words: str
    answers: Labels

    @property
    def key(self) -> str:
        """What its box in the form is called: the case and how far its history was when it was shown."""
        return f"case-{self.reference}-{self.version}"


@dataclass(frozen=True)
class Group:
    """Messages to confirm together. `answers` are what most of them seem to be; with `own_labels` each keeps its own.
    `total` may be more than are shown."""

    members: tuple[Member, ...]
    answers: Labels
    total: int
    own_labels: bool


def groups(engine: Engine, queue: Queue, settings: Settings, today: date) -> list[Group]:
    """The groups, compliments first. Nobody at risk, nothing sealed, nothing that is judged blind and nothing for a
    team that has ended is in one."""
    teams = settings.teams_on(today)
    plain = [
        entry
        for entry in queue.entries
        if not (entry.at_risk or entry.sealed or entry.blind) and (entry.team in teams or not entry.team)
    ]
    praise = [each for each in plain if _is_praise(each)]
    with open_session(engine, read_only=True) as session:
        found = [_group(session, praise, settings, own_labels=True)] if praise else []
        alike = _campaigns(session, [each for each in plain if not _is_praise(each)])
        found += [_group(session, entries, settings, own_labels=False) for entries in alike[:MOST_GROUPS]]
    return found


def _is_praise(entry: Entry) -> bool:
    return entry.type == COMPLIMENT and entry.type_probability >= VERY_SURE_FROM


def _campaigns(session: Session, entries: Sequence[Entry]) -> list[list[Entry]]:
    """The entries that belong to a campaign together, the largest group first."""
    of = campaigns_awaiting(session)
    groups: dict[int, list[Entry]] = {}
    for entry in entries:
        if entry.message_id in of:
            groups.setdefault(of[entry.message_id], []).append(entry)
    return sorted((group for group in groups.values() if len(group) >= LEAST), key=len, reverse=True)


def _group(session: Session, entries: Sequence[Entry], settings: Settings, *, own_labels: bool) -> Group:
    shown = entries[:MOST]
    columns: list[Any] = [
        col(Case.id),
        col(Case.version),
        col(Case.subject),
        col(Message.sender_name),
        col(Message.sender_email),
        col(Message.new_text),
    ]
    query = select(*columns).join(Message, col(Message.case_id) == Case.id)
    rows = {
        id_: row for id_, *row in session.execute(query.where(col(Message.id).in_([each.message_id for each in shown])))
    }
    members = []
    for entry in shown:
        version, subject, name, email, words = rows[entry.case_id]
        members.append(Member(entry.reference, version, subject, name or email, words, _answers(entry, settings)))
    usual = Counter(member.answers for member in members).most_common(1)[0][0]
    return Group(tuple(members), usual, len(entries), own_labels)


def _answers(entry: Entry, settings: Settings) -> Labels:
    suits = entry.category in settings.categories.get(entry.type, [])
    none = "" if entry.type in settings.categories else NO_CATEGORY
    return Labels(entry.type, entry.team, entry.category if suits else none, NO_EXCLUSION)
