"""Erasing a person's data when data protection asks for it (UK GDPR, article 17). Cases stay as figures.

What somebody wrote and what officers wrote about them goes, also from the journal and the outbox. Events, dates, codes
and ids stay, and each case's chain holds together.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Update, delete, update
from sqlmodel import Session, col, or_, select

from postroom.casework.history import record
from postroom.casework.people import Details, find_person
from postroom.casework.reading import officer
from postroom.models.case import Address, Case, CaseStatus, EventWords, Person
from postroom.models.failures import ImpossibleMove
from postroom.models.message import Attachment, Message, Suggestion
from postroom.models.outcome import CaseClosing, Element, ElementOutcome, LearningAction, OmbudsmanReferral, Payment
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.person import Consent, PersonEvent, Phone
from postroom.models.raw_message import Filing, RawMessage
from postroom.models.stage import Extension, StageRequest

ERASED = "erased"


def erase_person(session: Session, person_id: int, *, officer_id: int, now: datetime) -> Person:
    """Erase all that says who a person is or what they wrote. Raises `ImpossibleMove` while a case of theirs is not
    closed. Can't be undone."""
    person = find_person(session, person_id)
    if person.erased_at is not None:
        raise ImpossibleMove("This person's data were erased already.")
    cases = list(session.exec(select(Case).where(Case.person_id == person.id)))
    still_open = [case.reference for case in cases if case.status != CaseStatus.CLOSED]
    if still_open:
        raise ImpossibleMove(f"Close {', '.join(still_open)} first.")
    case_ids = [case.id for case in cases if case.id is not None]
    _erase_person(session, person, officer_id, now)
    _erase_letters(session, _addresses(session, person), case_ids)
    _erase_messages(session, case_ids)
    _erase_words(session, case_ids, now)
    session.connection().execute(delete(Address).where(col(Address.person_id) == person.id))
    session.expire_all()
    for case in cases:
        case.subject = ""
        session.add(case)
        record(
            session,
            case,
            kind="erased",
            summary="Personal data erased",
            actor=officer(officer_id),
            now=now,
            after={"person": person.id},
        )
    return person


def _addresses(session: Session, person: Person) -> list[str]:
    return list(session.exec(select(Address.email).where(Address.person_id == person.id)))


def _erase_person(session: Session, person: Person, officer_id: int, now: datetime) -> None:
    joined = list(session.exec(select(Person).where(Person.joined_into_id == person.id)))
    for one in (person, *joined):
        for name, value in vars(Details()).items():
            setattr(one, name, value)
        one.restriction, one.restriction_reason, one.restriction_review_on = "", "", None
        one.erased_at = now
        session.add(one)
        session.connection().execute(delete(Phone).where(col(Phone.person_id) == one.id))
    session.flush()
    assert person.id is not None
    session.add(
        PersonEvent(
            person_id=person.id, at=now, actor=officer(officer_id), kind="erased", summary="Personal data erased"
        )
    )


def _erase_messages(session: Session, case_ids: Sequence[int]) -> None:
    """The messages on the cases, their attachments' names, what was suggested from their words, and their bytes."""
    on_cases = select(Message.id).where(col(Message.case_id).in_(case_ids))
    raw = select(Message.raw_message_id).where(col(Message.case_id).in_(case_ids))
    duplicates = select(Filing.raw_message_id).where(col(Filing.duplicate_of_id).in_(raw))
    _run(
        session,
        update(Attachment).where(col(Attachment.message_id).in_(on_cases)).values(name=ERASED),
        update(Suggestion).where(col(Suggestion.message_id).in_(on_cases)).values(evidence=[]),
        update(RawMessage)
        .where(or_(col(RawMessage.id).in_(raw), col(RawMessage.id).in_(duplicates)))
        .values(content=b"", size=0, envelope_sender="", envelope_recipients=[]),
        update(Message)
        .where(col(Message.case_id).in_(case_ids))
        .values(sender_name="", sender_email="", recipients=[], subject="", text="", new_text="", defects=[]),
        update(Message)
        .where(col(Message.case_id).in_(case_ids))
        .values(may_answer=False, why_not="its personal data were erased", authentication_details=[]),
    )


def _erase_letters(session: Session, addresses: Sequence[str], case_ids: Sequence[int]) -> None:
    theirs = or_(col(OutgoingMail.recipient).in_(addresses), col(OutgoingMail.case_id).in_(case_ids))
    _run(
        session,
        update(OutgoingMail)
        .where(theirs)
        .values(recipient="", subject="", content=b"", bounce_reason="", last_error=""),
    )


def _erase_words(session: Session, case_ids: Sequence[int], now: datetime) -> None:
    """What officers wrote about the cases. The salts of the words in the history go too."""
    elements = select(Element.id).where(col(Element.case_id).in_(case_ids))
    _run(
        session,
        update(EventWords).where(col(EventWords.case_id).in_(case_ids)).values(words="", salt="", erased_at=now),
        update(ElementOutcome).where(col(ElementOutcome.element_id).in_(elements)).values(answer=""),
        update(Element).where(col(Element.case_id).in_(case_ids)).values(text=""),
        update(CaseClosing).where(col(CaseClosing.case_id).in_(case_ids)).values(reason="", equalities={}),
        update(Extension).where(col(Extension.case_id).in_(case_ids)).values(reason="", told=""),
        update(StageRequest).where(col(StageRequest.case_id).in_(case_ids)).values(reason=""),
        update(Consent).where(col(Consent.case_id).in_(case_ids)).values(whose="", evidence=""),
        update(Payment).where(col(Payment.case_id).in_(case_ids)).values(what_for=""),
        update(LearningAction).where(col(LearningAction.case_id).in_(case_ids)).values(done_how=""),
        update(OmbudsmanReferral).where(col(OmbudsmanReferral.case_id).in_(case_ids)).values(reference=""),
    )


def _run(session: Session, *statements: Update) -> None:
    for statement in statements:
        session.connection().execute(statement)
