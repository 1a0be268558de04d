"""A case's advocate: somebody who speaks for its person, and has copies of the letters to them while they agree.

Who it is follows from the case's history. The agreement is its event: of whom, for whom, and in the words beside it how
it is known. It is of the person who gave it: where the case turns out to be somebody else's, it holds no longer.
"""

from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.people import emails_of, find_person
from postroom.casework.reading import check_move, find_case, officer
from postroom.models.case import Case, Event, Person
from postroom.models.failures import ImpossibleMove
from postroom.models.settings import Settings

ADVOCATE = "advocate"
"""The role, of `casework.person_roles`."""
_NAMED, _ENDED = "advocate named", "advocate ended"

_LATEST = (
    select(Event.kind, Event.after)
    .where(Event.case_id == bindparam("case_id"), col(Event.kind).in_([_NAMED, _ENDED]))
    .order_by(col(Event.number).desc())
    .limit(1)
)


def advocate_of(session: Session, case: Case) -> Person | None:
    """Who has copies of the letters to a case's person, by that person's consent on record."""
    kind, named = session.exec(_LATEST, params={"case_id": case.id}).first() or (_ENDED, {})
    if kind == _ENDED or case.person_id is None:
        return None
    advocate, agreed = find_person(session, named["advocate"]), find_person(session, named["person"])
    theirs = agreed.id == find_person(session, case.person_id).id != advocate.id
    return advocate if theirs and advocate.role == ADVOCATE and advocate.erased_at is None else None


def name_advocate(
    session: Session,
    case_id: int,
    advocate_id: int,
    *,
    evidence: str,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """The case's person agreed that an advocate has copies of the letters to them; `evidence` says how it is known."""
    case = find_case(session, case_id)
    check_move(session, case, Move.NAME_PERSON, settings=settings)
    if not evidence.strip():
        raise ImpossibleMove("Say how it is known that the person agreed, as by a signed form.")
    if case.person_id is None:
        raise ImpossibleMove("Say first whose case it is.")
    person, advocate = find_person(session, case.person_id), find_person(session, advocate_id)
    _check_advocate(session, advocate, person)
    known = advocate_of(session, case)
    if known is not None and known.id == advocate.id:
        raise ImpossibleMove("They are the case's advocate already.")
    record(
        session,
        case,
        kind=_NAMED,
        summary="An advocate has copies of the letters, as the person agreed",
        actor=officer(officer_id),
        now=now,
        before={"advocate": known.id if known else None},
        after={"advocate": advocate.id, "person": person.id},
        words=evidence.strip(),
    )
    return case


def end_advocate(
    session: Session, case_id: int, *, reason: str, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """The advocate has no more copies: the person took their consent back, or the advocate left."""
    case = find_case(session, case_id)
    check_move(session, case, Move.NAME_PERSON, settings=settings)
    if not reason.strip():
        raise ImpossibleMove("Say why the advocate has no more copies.")
    known = advocate_of(session, case)
    if known is None:
        raise ImpossibleMove("No advocate has copies of the letters.")
    record(
        session,
        case,
        kind=_ENDED,
        summary="The advocate has no more copies of the letters",
        actor=officer(officer_id),
        now=now,
        before={"advocate": known.id},
        after={"advocate": None},
        words=reason.strip(),
    )
    return case


def _check_advocate(session: Session, advocate: Person, person: Person) -> None:
    assert advocate.id is not None
    if advocate.id == person.id:
        raise ImpossibleMove("Nobody is their own advocate.")
    if advocate.role != ADVOCATE or advocate.erased_at is not None:
        raise ImpossibleMove("Choose somebody whose role is that of an advocate.")
    if not emails_of(session, advocate.id) and not advocate.postal_address.strip():
        raise ImpossibleMove("Add an address of the advocate first, so that the copies reach them.")
