"""What awaits confirmation: in the order of the queue, filtered and counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Engine, func, select
from sqlmodel import Session, col

from postroom.casework.procedures import procedure_for
from postroom.casework.working_days import Calendar
from postroom.desk.blind import decides_first
from postroom.desk.filters import Filters
from postroom.desk.presence import Other, others
from postroom.desk.queries.pages import PAGE_SIZE, Paged, numbered
from postroom.desk.queries.sight import first_message_id, is_sealed, may_see
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case, CaseStatus
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove
from postroom.models.message import Answer, Message, Suggestion
from postroom.models.settings import Settings

PREVIEW_LETTERS = 240

_newest_suggestion: Any = (
    select(col(Suggestion.id))
    .where(col(Suggestion.message_id) == col(Message.id))
    .order_by(col(Suggestion.created_at).desc(), col(Suggestion.id).desc())
    .limit(1)
    .correlate(Message)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Entry:
    """One case of the queue, without its words. `type`, `team` and `category` are suggestions: empty where there is
    none yet, or where an officer is to judge before it is shown (`blind`)."""

    case_id: int
    reference: str
    received_at: datetime
    channel: str
    message_id: int
    sealed: bool
    suggested: bool
    type: str
    type_probability: float
    sure: bool
    """Whether the type is chosen for the officer."""
    category: str
    team: str
    at_risk: bool
    blind: bool = False
    due_on: date = date.max
    """By when it is to be acknowledged if it is what it seems to be; by the shortest limit where that is not known."""

    @property
    def order(self) -> tuple[bool, date, datetime, int]:
        """People at risk first, then what is due first, then the oldest."""
        return not self.at_risk, self.due_on, self.received_at, self.case_id


@dataclass(frozen=True)
class Waiting:
    """A row of the queue. `preview` is empty where the case seems to be sealed: its words are read on its own page,
    where that is recorded. `open_with` are the others who have it open."""

    entry: Entry
    subject: str
    sender: str
    preview: str
    open_with: tuple[Other, ...]


@dataclass(frozen=True)
class Facets:
    """How many of the cases each value of a filter would leave, the other filters being as they are."""

    teams: dict[str, int]
    types: dict[str, int]
    channels: dict[str, int]
    all: int
    unsure: int
    at_risk: int
    mine: int


@dataclass(frozen=True)
class Queue:
    """All that awaits confirmation and that a visitor may see, in order."""

    entries: tuple[Entry, ...]
    visitor: SignedIn

    def matching(self, filters: Filters) -> list[Entry]:
        return [entry for entry in self.entries if self._fits(entry, filters)] if filters.set else list(self.entries)

    def count(self, filters: Filters) -> int:
        return len(self.matching(filters))

    def facets(self, filters: Filters) -> Facets:
        def by(name: str) -> dict[str, int]:
            found = Counter(map(attrgetter(name), self.matching(filters.but(**{name: ""}))))
            return {value: found[value] for value in sorted(found) if value}

        return Facets(
            by("team"),
            by("type"),
            by("channel"),
            len(self.entries),
            self.count(Filters(unsure=True)),
            self.count(Filters(at_risk=True)),
            self.count(Filters(mine=True)),
        )

    def after(self, reference: str, filters: Filters) -> str:
        """The reference that follows, round to the beginning; empty where no other case matches."""
        references = [entry.reference for entry in self.matching(filters)]
        place = references.index(reference) if reference in references else -1
        following = references[place + 1 :] + references[: max(place, 0)]
        return following[0] if following else ""

    def place(self, reference: str, filters: Filters) -> tuple[int, int]:
        """Where a case stands among those that match, from 1, and how many these are; 0 where it is not among them."""
        references = [entry.reference for entry in self.matching(filters)]
        return references.index(reference) + 1 if reference in references else 0, len(references)

    def _fits(self, entry: Entry, wanted: Filters) -> bool:
        return (
            (not wanted.team or entry.team == wanted.team)
            and (not wanted.type or entry.type == wanted.type)
            and (not wanted.channel or entry.channel == wanted.channel)
            and (not wanted.unsure or self.unsure(entry))
            and (not wanted.at_risk or entry.at_risk)
            and (not wanted.mine or entry.team in self.visitor.teams)
        )

    def unsure(self, entry: Entry) -> bool:
        """Whether no type is suggested, or none is likely enough to be chosen. What is judged blind is neither."""
        return not entry.blind and not entry.sure


def queue(engine: Engine, visitor: SignedIn, settings: Settings, calendar: Calendar) -> Queue:
    """What awaits confirmation."""
    with open_session(engine, read_only=True) as session:
        rows = session.execute(_entries(visitor, settings)).all()
    due = _Due(settings, calendar)
    entries = [_entry(row, settings.triage.blind_share, due) for row in rows]
    return Queue(tuple(sorted(entries, key=lambda entry: entry.order)), visitor)


def rows_of(engine: Engine, entries: Sequence[Entry], number: int, visitor: SignedIn, now: datetime) -> Paged[Waiting]:
    """Page `number` of these cases, with their first words."""
    number = numbered(number, len(entries))
    shown = entries[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    with open_session(engine, read_only=True) as session:
        words = _words(session, [entry.message_id for entry in shown])
        present = others(session, [entry.case_id for entry in shown], visitor.officer_id, now)
    rows = [_waiting(entry, words[entry.message_id], present.get(entry.case_id, ())) for entry in shown]
    return Paged(rows, number, len(entries))


def _entries(visitor: SignedIn, settings: Settings) -> Any:
    """Each join says twice what belongs to what: PostgreSQL reads whole tables where a subquery alone says it."""
    team: Any = func.coalesce(Suggestion.team, "")
    columns: list[Any] = [
        col(Case.id),
        col(Case.reference),
        col(Case.received_at),
        col(Case.channel),
        col(Message.id),
        is_sealed(settings, team),
        col(Suggestion.id).is_not(None),
        func.coalesce(Suggestion.type, ""),
        func.coalesce(Suggestion.type_probability, 0.0),
        col(Suggestion.answers)["type"].as_string(),
        func.coalesce(Suggestion.category, ""),
        team,
        func.coalesce(Suggestion.at_risk, False),
    ]
    return (
        select(*columns)
        .join_from(Case, Message, (col(Message.case_id) == Case.id) & (col(Message.id) == first_message_id))
        .outerjoin(Suggestion, (col(Suggestion.message_id) == Message.id) & (col(Suggestion.id) == _newest_suggestion))
        .where(col(Case.status) == CaseStatus.AWAITING, may_see(visitor, settings, team))
    )


def _entry(row: Any, blind_share: float, due: "_Due") -> Entry:
    *case, suggested, type_, probability, answer, category, team, at_risk = row
    id_, reference, received_at, channel, message_id, sealed = case
    blind = decides_first(message_id, blind_share)
    if blind:
        type_, category, team = "", "", ""
    return Entry(
        id_,
        reference,
        received_at,
        channel,
        message_id,
        bool(sealed),
        bool(suggested),
        type_,
        probability,
        bool(type_) and (answer or Answer.PRESELECTED) == Answer.PRESELECTED,
        category,
        team,
        bool(at_risk),
        blind,
        due.on(type_, team, category, received_at),
    )


@dataclass
class _Due:
    """Until when something must be acknowledged, counted once for all that came on the same day."""

    settings: Settings
    calendar: Calendar
    limits: dict[tuple[str, str, str], int | None] = field(default_factory=dict)
    days: dict[tuple[date, int], date] = field(default_factory=dict)

    def on(self, type_: str, team: str, category: str, received_at: datetime) -> date:
        about = (type_, team, category)
        if about not in self.limits:
            self.limits[about] = self._limit(*about)
        limit = self.limits[about]
        if limit is None:
            return date.max
        counted = (self.calendar.day_0(received_at), limit)
        if counted not in self.days:
            self.days[counted] = self.calendar.add(*counted)
        return self.days[counted]

    def _limit(self, type_: str, team: str, category: str) -> int | None:
        """Working days to acknowledge; None where nothing is to be acknowledged."""
        try:
            procedures = [procedure_for(self.settings, type_, team)]
        except ImpossibleMove:
            procedures = list(self.settings.procedures)
        service = self.settings.teams[team].service if team in self.settings.teams else ""
        steps = [self.settings.procedures[id_].stages[0].acknowledge for id_ in procedures]
        return min((step.limit_for(service, team, category) for step in steps if step is not None), default=None)


def _words(session: Session, message_ids: list[int]) -> dict[int, tuple[str, str, str]]:
    """Subject, sender and first words by message."""
    columns: list[Any] = [
        col(Message.id),
        col(Message.subject),
        func.coalesce(func.nullif(Message.sender_name, ""), Message.sender_email),
        func.substr(Message.new_text, 1, PREVIEW_LETTERS),
    ]
    rows = session.execute(select(*columns).where(col(Message.id).in_(message_ids)))
    return {id_: (subject, sender, preview) for id_, subject, sender, preview in rows}


def _waiting(entry: Entry, words: tuple[str, str, str], open_with: tuple[Other, ...]) -> Waiting:
    subject, sender, preview = words
    return Waiting(entry, subject, sender, "" if entry.sealed else " ".join(preview.split()), open_with)
