"""Notes on a case: what officers write for each other, and whom they call in by name. A note moves no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from postroom.casework.deadlines import local_day
from postroom.casework.history import record, words_of
from postroom.casework.moves import Move
from postroom.casework.reading import check_move, find_case, officer
from postroom.models.case import Case, Event
from postroom.models.failures import ImpossibleMove
from postroom.models.note import Mention
from postroom.models.officer import NamedOfficer, Officer, TeamMember, is_member
from postroom.models.settings import Settings

KIND = "note"


@dataclass(frozen=True)
class Note:
    """A note as it stands on its case. `number` is that of its event; `actor` as in events; an erased note's text is
    empty."""

    number: int
    at: datetime
    actor: str
    text: str
    mentions: tuple[int, ...] = ()


def add_note(
    session: Session,
    case_id: int,
    text: str,
    *,
    mentions: Sequence[int] = (),
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Event:
    """Write a note on a case, whatever its state; returns its event. `mentions` are the officers called in by name:
    each has it among `mentions_of` until they have seen it. On a sealed case they must be of its team."""
    case = find_case(session, case_id)
    check_move(session, case, Move.ADD_NOTE, settings=settings)
    if not text.strip():
        raise ImpossibleMove("Write the note.")
    named = list(dict.fromkeys(mentions))
    for each in named:
        _check_mention(session, case, each, local_day(settings, now))
    event = record(
        session,
        case,
        kind=KIND,
        summary="A note was written",
        actor=officer(officer_id),
        now=now,
        after={"mentions": named},
        words=text.strip(),
    )
    assert case.id is not None
    session.add_all([Mention(case_id=case.id, number=event.number, officer_id=each) for each in named])
    session.flush()
    return event


def notes_of(session: Session, case: Case) -> list[Note]:
    """The notes on a case, the oldest first."""
    words = words_of(session, case)
    events = select(Event).where(Event.case_id == case.id, Event.kind == KIND).order_by(col(Event.number))
    return [
        Note(event.number, event.at, event.actor, words.get(event.number, ""), tuple(event.after["mentions"]))
        for event in session.exec(events)
    ]


def mentions_of(session: Session, officer_id: int) -> list[Mention]:
    """The notes that an officer is named in and has not seen, the newest first."""
    query = select(Mention).join(
        Event, (col(Event.case_id) == col(Mention.case_id)) & (col(Event.number) == col(Mention.number))
    )
    unseen = query.where(Mention.officer_id == officer_id, col(Mention.seen_at).is_(None))
    return list(session.exec(unseen.order_by(col(Event.at).desc(), col(Event.id).desc())))


def see_mentions(session: Session, case_id: int, *, officer_id: int, now: datetime) -> int:
    """An officer has seen a case's notes that name them; returns how many were new. No change of the case."""
    mine = select(Mention).where(
        Mention.case_id == case_id, Mention.officer_id == officer_id, col(Mention.seen_at).is_(None)
    )
    seen = list(session.exec(mine))
    for mention in seen:
        mention.seen_at = now
        session.add(mention)
    return len(seen)


def _check_mention(session: Session, case: Case, officer_id: int, today: date) -> None:
    named = session.get(Officer, officer_id)
    if named is None or not named.active:
        raise ImpossibleMove("Name officers who work here.")
    if not case.sealed:
        return
    if case.restricted:
        if session.get(NamedOfficer, (case.id, officer_id)) is None:
            raise ImpossibleMove(f"{case.reference} is restricted, and {named.name} is not among those named there.")
        return
    in_team = select(TeamMember.id).where(TeamMember.officer_id == officer_id, TeamMember.team == case.team)
    if session.exec(in_team.where(is_member(today))).first() is None:
        raise ImpossibleMove(f"{case.reference} is sealed, and {named.name} is not in its team.")
