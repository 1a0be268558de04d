"""People: what is known of them, how contact is restricted, how often they come back, and two who are one.

Changes are recorded in `person_event`, which names what was changed and never holds the words themselves.
"""

import re
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col, func, or_, select

from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.reading import check_move, find_case, officer
from postroom.casework.working_days import in_words
from postroom.models.case import Address, Case, Person
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.person import Consent, PersonEvent, Phone
from postroom.models.settings import Settings

REPEAT_WITHIN = timedelta(days=365)
_IN_NUMBERS = r"[\s()./-]"
"""What people write between the digits of a telephone number."""


@dataclass(frozen=True)
class Details:
    """What an officer may write about a person. `language` is one that letters should be in, empty for English."""

    name: str = ""
    role: str = ""
    postal_address: str = ""
    on_paper: bool = False
    large_print: bool = False
    language: str = ""
    advocate: str = ""
    advocate_contact: str = ""


def find_person(session: Session, person_id: int) -> Person:
    """The person, or the one that they were joined into in the end. Raises `NotFound`."""
    person = session.get(Person, person_id, populate_existing=True)
    if person is None:
        raise NotFound(f"There is no person {person_id}.")
    return find_person(session, person.joined_into_id) if person.joined_into_id is not None else person


def person_of_email(session: Session, email: str) -> Person:
    """Whose email address it is. Raises `NotFound`."""
    address = session.get(Address, email.strip().lower())
    if address is None:
        raise NotFound(f"Nobody is known by the address {email.strip()}.")
    return find_person(session, address.person_id)


def details_of(person: Person) -> Details:
    """What is written about a person now, to be changed with `dataclasses.replace`."""
    return Details(**{name: getattr(person, name) for name in Details.__dataclass_fields__})


def change_person(
    session: Session, person_id: int, details: Details, *, officer_id: int, settings: Settings, now: datetime
) -> Person:
    """Write what is known of a person. The roles are `casework.person_roles`."""
    person = _living(session, person_id)
    if details.role and details.role not in settings.casework.person_roles:
        raise ImpossibleMove(f"Choose a role from the list; there is none called {details.role}.")
    if details.on_paper and not details.postal_address.strip():
        raise ImpossibleMove("Letters on paper need a postal address.")
    changed = [name for name, value in asdict(details).items() if getattr(person, name) != value]
    for name in changed:
        setattr(person, name, getattr(details, name))
    if changed:
        session.add(person)
        words = ", ".join(changed).replace("_", " ")
        _note(session, person, "changed", f"Changed: {words}", officer_id, now)
    return person


def add_person(
    session: Session,
    details: Details,
    *,
    email: str = "",
    phone: str = "",
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Person:
    """Somebody whom no message made known, as who rang or wrote by hand. They are looked for first (`find_people`)."""
    if not (details.name.strip() or email.strip() or phone.strip()):
        raise ImpossibleMove("Enter a name, an email address or a telephone number.")
    person = Person(created_at=now)
    session.add(person)
    session.flush()
    assert person.id is not None
    _note(session, person, "added", "Added by an officer", officer_id, now)
    if email.strip():
        add_email(session, person.id, email, officer_id=officer_id, now=now)
    if phone.strip():
        add_phone(session, person.id, phone, officer_id=officer_id, now=now)
    return change_person(session, person.id, details, officer_id=officer_id, settings=settings, now=now)


def find_people(session: Session, words: str, most: int = 20) -> list[Person]:
    """People whose name holds `words`, or who have that email address or telephone number; the newest first."""
    wanted = words.strip()
    if not wanted:
        return []
    digits = re.sub(_IN_NUMBERS, "", wanted)
    by_email = select(Address.person_id).where(Address.email == wanted.lower())
    by_phone = select(Phone.person_id).where(Phone.number == digits)
    query = select(Person).where(
        or_(
            col(Person.name).icontains(wanted, autoescape=True),
            col(Person.id).in_(by_email),
            col(Person.id).in_(by_phone),
        ),
        col(Person.joined_into_id).is_(None),
        col(Person.erased_at).is_(None),
    )
    return list(session.exec(query.order_by(col(Person.id).desc()).limit(most)))


def name_person(
    session: Session, case_id: int, person_id: int, *, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """Say whose case it is: of somebody who rang, or of whom an advocate writes about. Letters go to them from then
    on."""
    case = find_case(session, case_id)
    check_move(session, case, Move.NAME_PERSON, settings=settings)
    person = _living(session, person_id)
    if case.person_id == person.id:
        raise ImpossibleMove(f"{case.reference} is theirs already.")
    before, case.person_id = case.person_id, person.id
    session.add(case)
    record(
        session,
        case,
        kind="person named",
        summary="It is the case of somebody else" if before else "It is known whose case it is",
        actor=officer(officer_id),
        now=now,
        before={"person": before},
        after={"person": person.id},
    )
    return case


def consents_of(session: Session, person_id: int) -> list[Consent]:
    """The consents on record of a person's cases, wanted, received or refused; the newest first."""
    query = select(Consent).join(Case, col(Case.id) == Consent.case_id).where(Case.person_id == person_id)
    return list(session.exec(query.order_by(col(Consent.wanted_at).desc(), col(Consent.id).desc())))


def add_email(session: Session, person_id: int, email: str, *, officer_id: int, now: datetime) -> None:
    """Another email address of a person. One that is somebody else's already says that two people may be one."""
    person = _living(session, person_id)
    address = email.strip().lower()
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise ImpossibleMove("Enter an email address such as name@example.org.")
    known = session.get(Address, address)
    if known is not None and known.person_id == person.id:
        raise ImpossibleMove("This address is theirs already.")
    if known is not None:
        raise ImpossibleMove("This address is somebody else's. If both are one person, join the two.")
    assert person.id is not None
    session.add(Address(email=address, person_id=person.id))
    _note(session, person, "address added", "An email address was added", officer_id, now)


def add_phone(session: Session, person_id: int, number: str, *, officer_id: int, now: datetime) -> None:
    """A telephone number of a person. Members of a household share one, so it makes nobody the same person."""
    person = _living(session, person_id)
    digits = re.sub(_IN_NUMBERS, "", number)
    if not re.fullmatch(r"\+?\d{5,15}", digits):
        raise ImpossibleMove("Enter a telephone number such as 01926 000000.")
    assert person.id is not None
    if session.get(Phone, (person.id, digits)) is not None:
        raise ImpossibleMove("This number is theirs already.")
    session.add(Phone(person_id=person.id, number=digits))
    _note(session, person, "phone added", "A telephone number was added", officer_id, now)


def phones_of(session: Session, person_id: int) -> list[str]:
    return list(session.exec(select(Phone.number).where(Phone.person_id == person_id).order_by(col(Phone.number))))


def emails_of(session: Session, person_id: int) -> list[str]:
    return list(session.exec(select(Address.email).where(Address.person_id == person_id).order_by(col(Address.email))))


def restrict_contact(
    session: Session,
    person_id: int,
    restriction: str,
    *,
    reason: str,
    review_on: date,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Person:
    """Restrict how somebody may contact the council, as to one officer; with the reason, and a day to look at it
    again."""
    person = _living(session, person_id)
    if not restriction.strip():
        raise ImpossibleMove("Say how contact is restricted.")
    if not reason.strip():
        raise ImpossibleMove("Say why contact is restricted.")
    if review_on <= now.astimezone(settings.council.zone).date():
        raise ImpossibleMove("Name a day after today on which the restriction is looked at again.")
    person.restriction, person.restriction_reason = restriction.strip(), reason.strip()
    person.restriction_review_on = review_on
    session.add(person)
    _note(session, person, "restricted", f"Contact restricted until {in_words(review_on)}", officer_id, now)
    return person


def lift_restriction(session: Session, person_id: int, *, officer_id: int, now: datetime) -> Person:
    """Let somebody contact the council as anybody else."""
    person = _living(session, person_id)
    if not person.restriction:
        raise ImpossibleMove("Contact is not restricted.")
    person.restriction, person.restriction_reason, person.restriction_review_on = "", "", None
    session.add(person)
    _note(session, person, "restriction lifted", "Contact is no longer restricted", officer_id, now)
    return person


def cases_within_a_year(session: Session, person_id: int, now: datetime) -> int:
    """How many cases of a person were received in the last twelve months: more than one is repeat contact."""
    query = select(func.count(col(Case.id))).where(Case.person_id == person_id, Case.received_at > now - REPEAT_WITHIN)
    return session.exec(query).one()


def join_people(session: Session, person_id: int, into_id: int, *, officer_id: int, now: datetime) -> Person:
    """Two people are one: cases, addresses and telephones go to the second; returns that one. What is written about
    it wins, and what it lacks comes from the first."""
    person, into = _living(session, person_id), _living(session, into_id)
    if person.id == into.id:
        raise ImpossibleMove("They are one person already.")
    assert into.id is not None
    for name in (*Details.__dataclass_fields__, "restriction", "restriction_reason", "restriction_review_on"):
        if not getattr(into, name):
            setattr(into, name, getattr(person, name))
    session.connection().execute(update(Case).where(col(Case.person_id) == person.id).values(person_id=into.id))
    session.connection().execute(update(Address).where(col(Address.person_id) == person.id).values(person_id=into.id))
    theirs = set(phones_of(session, into.id))
    for number in phones_of(session, person.id or 0):
        if number not in theirs:
            session.add(Phone(person_id=into.id, number=number))
    session.connection().execute(delete(Phone).where(col(Phone.person_id) == person.id))
    session.expire_all()
    person.joined_into_id = into.id
    session.add_all([person, into])
    _note(session, person, "joined", f"Is person {into.id}", officer_id, now)
    _note(session, into, "joined", f"Is also person {person.id}", officer_id, now)
    return into


def _living(session: Session, person_id: int) -> Person:
    """The person, whose data are not erased."""
    person = find_person(session, person_id)
    if person.erased_at is not None:
        raise ImpossibleMove("This person's data were erased.")
    return person


def _note(session: Session, person: Person, kind: str, summary: str, officer_id: int, now: datetime) -> None:
    assert person.id is not None
    session.add(PersonEvent(person_id=person.id, at=now, actor=officer(officer_id), kind=kind, summary=summary))
    session.flush()
