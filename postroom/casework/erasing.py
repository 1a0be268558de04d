"""Erasing a person's data when data protection asks for it (UK GDPR, article 17). Cases stay as figures.

What somebody wrote and what officers wrote about them goes, also from the journal, the outbox and what models learn
from next. Events, dates, codes and ids stay, and each case's chain holds together. What the council learnt (lessons,
actions) stays too: it is the council's own, and officers write it without names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Executable, delete, update
from sqlmodel import Session, col, or_, select

from postroom.casework.history import record
from postroom.casework.people import Details, find_person
from postroom.casework.reading import officer
from postroom.models.campaign import CopyBand, TwoMatters
from postroom.models.case import Address, Case, CaseStatus, EventWords, Person
from postroom.models.desk_work import LetterDraft
from postroom.models.failures import ImpossibleMove
from postroom.models.following import FollowCode, FollowVisit
from postroom.models.message import Attachment, Message, Suggestion
from postroom.models.outcome import CaseClosing, Element, ElementOutcome, LearningAction, OmbudsmanReferral, Payment
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.person import Consent, PersonEvent, Phone
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.models.stage import Extension, StageRequest

ERASED = "erased"


@dataclass(frozen=True)
class Theirs:
    """What there is of a person: their cases, all cases with messages of theirs, and their addresses."""

    cases: tuple[Case, ...]
    with_messages: tuple[Case, ...]
    addresses: tuple[str, ...]

    @property
    def case_ids(self) -> list[int]:
        return [case.id for case in self.cases if case.id is not None]


def theirs(session: Session, person_id: int) -> Theirs:
    """What erasing a person would concern."""
    addresses = tuple(session.exec(select(Address.email).where(Address.person_id == person_id)))
    own = select(Case).where(Case.person_id == person_id)
    wrote = select(Message.case_id).where(col(Message.sender_email).in_(addresses))
    concerned = select(Case).where(or_(Case.person_id == person_id, col(Case.id).in_(wrote)))
    return Theirs(
        cases=tuple(session.exec(own.order_by(col(Case.id)))),
        with_messages=tuple(session.exec(concerned.order_by(col(Case.id)))),
        addresses=addresses,
    )


def erase_person(session: Session, person_id: int, *, officer_id: int, now: datetime) -> Person:
    """Erase all that says who a person is or what they wrote: their cases' words, and their messages on other cases.
    Raises `ImpossibleMove` while one of these cases is not closed. Can't be undone."""
    person = find_person(session, person_id)
    assert person.id is not None
    if person.erased_at is not None:
        raise ImpossibleMove("This person's data were erased already.")
    found = theirs(session, person.id)
    still_open = [case.reference for case in found.with_messages if case.status != CaseStatus.CLOSED]
    if still_open:
        raise ImpossibleMove(f"Close {', '.join(still_open)} first.")
    _erase_person(session, person, officer_id, now)
    _erase_letters(session, found)
    _erase_messages(session, found)
    _erase_words(session, found.case_ids, now)
    _run(session, delete(Address).where(col(Address.person_id) == person.id))
    session.expire_all()
    for case in found.with_messages:
        if case.person_id == person.id:
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


def _erase_messages(session: Session, found: Theirs) -> None:
    """The messages, their attachments' names, what was found in their words, and their bytes in the journal."""
    messages = or_(col(Message.case_id).in_(found.case_ids), col(Message.sender_email).in_(found.addresses))
    ids = list(session.exec(select(Message.id).where(messages)))
    filed = list(session.exec(select(Message.raw_message_id).where(messages)))
    copies = select(Filing.raw_message_id).where(col(Filing.duplicate_of_id).in_(filed))
    held = (
        select(Filing.raw_message_id)
        .join(RawMessage, col(RawMessage.id) == col(Filing.raw_message_id))
        .where(Filing.state == FilingState.HELD, col(RawMessage.envelope_sender).in_(found.addresses))
    )
    beside = [*session.exec(copies), *session.exec(held)]
    _run(
        session,
        update(Attachment).where(col(Attachment.message_id).in_(ids)).values(name=ERASED),
        update(Suggestion).where(col(Suggestion.message_id).in_(ids)).values(evidence=[]),
        update(TwoMatters).where(col(TwoMatters.message_id).in_(ids)).values(parts=[]),
        delete(CopyBand).where(col(CopyBand.message_id).in_(ids)),
        update(Filing).where(col(Filing.raw_message_id).in_(beside)).values(reason=_WHY_NOT),
        update(RawMessage)
        .where(col(RawMessage.id).in_([*filed, *beside]))
        .values(content=b"", size=0, envelope_sender="", envelope_recipients=[], client_address=None, client_name=None),
        update(Message)
        .where(col(Message.id).in_(ids))
        .values(sender_name="", sender_email="", recipients=[], subject="", text="", new_text="", defects=[]),
        update(Message)
        .where(col(Message.id).in_(ids))
        .values(may_answer=False, why_not=_WHY_NOT, authentication_details=[]),
    )


_WHY_NOT = "its personal data were erased"


def _erase_letters(session: Session, found: Theirs) -> None:
    letters = or_(col(OutgoingMail.recipient).in_(found.addresses), col(OutgoingMail.case_id).in_(found.case_ids))
    _run(
        session,
        update(OutgoingMail)
        .where(letters)
        .values(recipient="", subject="", content=b"", bounce_reason="", last_error=""),
        *(
            delete(table).where(or_(col(table.case_id).in_(found.case_ids), col(table.address).in_(found.addresses)))
            for table in (FollowCode, FollowVisit)
        ),
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
        delete(LetterDraft).where(col(LetterDraft.case_id).in_(case_ids)),
        update(OmbudsmanReferral).where(col(OmbudsmanReferral.case_id).in_(case_ids)).values(reference=""),
    )


def _run(session: Session, *statements: Executable) -> None:
    for statement in statements:
        session.connection().execute(statement)
