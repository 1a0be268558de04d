"""What waits for one officer by name: notes that call them in, letters they began, actions that they own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, and_, func, select
from sqlmodel import col
from sqlmodel import select as select_rows

from postroom.casework.reading import officer
from postroom.desk.queries.sight import is_sealed, may_see
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case, Event, EventWords
from postroom.models.database import open_session
from postroom.models.desk_work import LetterDraft
from postroom.models.note import Mention
from postroom.models.officer import Officer
from postroom.models.outcome import LearningAction
from postroom.models.settings import Settings


@dataclass(frozen=True)
class CalledIn:
    """A note that names the officer, which they have not seen. `words` are empty where the case is sealed: they are
    read on its page, and that is recorded."""

    reference: str
    subject: str
    sealed: bool
    who: str
    at: datetime
    words: str


@dataclass(frozen=True)
class OwnDraft:
    """A letter that the officer kept last. `current`: it is about the stage that its open case is in."""

    id: int
    form: str
    reference: str
    subject: str
    sealed: bool
    kept_at: datetime
    current: bool


@dataclass(frozen=True)
class OwnAction:
    """Something that the officer is to do, so that it does not happen again."""

    id: int
    text: str
    due_on: date
    reference: str
    sealed: bool


@dataclass(frozen=True)
class MyWork:
    """Of the cases that the officer may see: notes the newest first, drafts the longest kept first, actions by date."""

    notes: tuple[CalledIn, ...]
    drafts: tuple[OwnDraft, ...]
    actions: tuple[OwnAction, ...]


def my_work(engine: Engine, visitor: SignedIn, settings: Settings) -> MyWork:
    """What waits for `visitor` by name, besides the cases that they work on (`queue.open_cases`)."""
    with open_session(engine, read_only=True) as session:
        names = {officer(id_ or 0): name for id_, name in session.exec(select_rows(Officer.id, Officer.name))}
        return MyWork(
            tuple(_called_in(names, *row) for row in session.execute(_notes(visitor, settings))),
            tuple(OwnDraft(*row) for row in session.execute(_drafts(visitor, settings))),
            tuple(OwnAction(*row) for row in session.execute(_actions(visitor, settings))),
        )


def called_in(visitor: SignedIn, settings: Settings) -> Any:
    """Counts the notes that name `visitor` and that they have not seen."""
    query = select(func.count()).select_from(Mention).join(Case, col(Case.id) == Mention.case_id)
    return query.where(_unseen(visitor), may_see(visitor, settings))


def _called_in(
    names: Mapping[str, str], reference: str, subject: str, sealed: bool, actor: str, at: datetime, words: str
) -> CalledIn:
    return CalledIn(reference, subject, sealed, names.get(actor, "Somebody"), at, words)


def _unseen(visitor: SignedIn) -> Any:
    return and_(col(Mention.officer_id) == visitor.officer_id, col(Mention.seen_at).is_(None))


def _notes(visitor: SignedIn, settings: Settings) -> Any:
    of_note = and_(col(EventWords.case_id) == Mention.case_id, col(EventWords.number) == Mention.number)
    sealed = is_sealed(settings)
    words: Any = select(col(EventWords.words)).where(of_note, col(EventWords.erased_at).is_(None), ~sealed)
    return (
        select(
            col(Case.reference),
            col(Case.subject),
            sealed,
            col(Event.actor),
            col(Event.at),
            func.coalesce(words.correlate(Mention, Case).scalar_subquery(), ""),
        )
        .select_from(Mention)
        .join(Case, col(Case.id) == Mention.case_id)
        .join(Event, and_(col(Event.case_id) == Mention.case_id, col(Event.number) == Mention.number))
        .where(_unseen(visitor), may_see(visitor, settings))
        .order_by(col(Event.at).desc(), col(Event.id).desc())
    )


def _drafts(visitor: SignedIn, settings: Settings) -> Any:
    return (
        select(
            col(LetterDraft.id),
            col(LetterDraft.form),
            col(Case.reference),
            col(Case.subject),
            is_sealed(settings),
            col(LetterDraft.kept_at),
            col(LetterDraft.stage) == col(Case.stage),
        )
        .join_from(LetterDraft, Case, col(Case.id) == LetterDraft.case_id)
        .where(col(LetterDraft.officer_id) == visitor.officer_id, may_see(visitor, settings))
        .order_by(col(LetterDraft.kept_at), col(LetterDraft.id))
    )


def _actions(visitor: SignedIn, settings: Settings) -> Any:
    return (
        select(
            col(LearningAction.id),
            col(LearningAction.text),
            col(LearningAction.due_on),
            col(Case.reference),
            is_sealed(settings),
        )
        .join_from(LearningAction, Case, col(Case.id) == LearningAction.case_id)
        .where(
            col(LearningAction.owner_id) == visitor.officer_id,
            col(LearningAction.done_at).is_(None),
            may_see(visitor, settings),
        )
        .order_by(col(LearningAction.due_on), col(LearningAction.id))
    )
