"""What is known of the person of a case, and their other cases."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from postroom.casework.advocates import advocate_of
from postroom.casework.people import REPEAT_WITHIN, Details, details_of, emails_of, find_person, phones_of
from postroom.desk.queries.sight import is_sealed, may_see
from postroom.desk.sessions import SignedIn
from postroom.models.case import Case
from postroom.models.settings import Settings

MOST_CASES = 50


@dataclass(frozen=True)
class CaseOfPerson:
    """Another case of the same person, whatever came of it."""

    reference: str
    subject: str
    type: str
    status: str
    received_at: datetime


@dataclass(frozen=True)
class PersonOnPage:
    """Somebody with a case. `within_a_year`: how many of their cases that the visitor may see came in that time;
    `copied`: the advocate who has copies of the letters about this case, None where nobody has."""

    details: Details
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    restriction: str
    restriction_reason: str
    restriction_review_on: date | None
    erased: bool
    within_a_year: int
    copied: str | None


def person_on_page(
    session: Session, case: Case, visitor: SignedIn, settings: Settings, now: datetime
) -> PersonOnPage | None:
    """The person of a case; None where nobody is known."""
    if case.person_id is None:
        return None
    person = find_person(session, case.person_id)
    assert person.id is not None
    recent = select(func.count(col(Case.id))).where(
        Case.person_id == person.id, Case.received_at > now - REPEAT_WITHIN, may_see(visitor, settings)
    )
    return PersonOnPage(
        details=details_of(person),
        emails=tuple(emails_of(session, person.id)),
        phones=tuple(phones_of(session, person.id)),
        restriction=person.restriction,
        restriction_reason=person.restriction_reason,
        restriction_review_on=person.restriction_review_on,
        erased=person.erased_at is not None,
        within_a_year=session.exec(recent).one(),
        copied=advocate.name or "Name not known" if (advocate := advocate_of(session, case)) else None,
    )


def cases_of_person(
    session: Session, case: Case, visitor: SignedIn, settings: Settings, most: int = MOST_CASES
) -> tuple[CaseOfPerson, ...]:
    """The other cases of a case's person, the newest first: those alone that `visitor` may see, and no sealed one: its
    words would be told without the look being recorded."""
    if case.person_id is None:
        return ()
    columns: list[Any] = [getattr(Case, name) for name in CaseOfPerson.__dataclass_fields__]
    query = select_columns(*columns).where(
        col(Case.person_id) == case.person_id,
        col(Case.id) != case.id,
        may_see(visitor, settings),
        ~is_sealed(settings),
    )
    newest = (col(Case.received_at).desc(), col(Case.id).desc())
    return tuple(CaseOfPerson(*row) for row in session.execute(query.order_by(*newest).limit(most)))
