"""Cases that belong together: linked, or one split from another. Merging is in `threads`."""

import hashlib
from datetime import datetime

from sqlmodel import Session, or_, select

from postroom.casework.answering import find_element
from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.opening import open_case
from postroom.casework.reading import check_move, find_case, first_message, officer
from postroom.models.case import Case, CaseLink, LinkKind
from postroom.models.failures import ImpossibleMove
from postroom.models.message import Message
from postroom.models.raw_message import Filing, FilingState, RawMessage
from postroom.models.settings import Settings

_WORDS = {
    LinkKind.RELATED: ("Linked with", "Linked with"),
    LinkKind.SPLIT_FROM: ("Split from", "Split off:"),
    LinkKind.FOLLOWS: ("Follows", "Followed by"),
}


def link(session: Session, case_id: int, other_id: int, kind: LinkKind, *, officer_id: int, now: datetime) -> CaseLink:
    """Tie a case to another: what the first is to the second. Both histories show it."""
    case, other = find_case(session, case_id), find_case(session, other_id)
    if case.id == other.id:
        raise ImpossibleMove("A case can't be linked with itself.")
    if case.sealed != other.sealed:
        raise ImpossibleMove("One of the two cases is sealed and the other is not.")
    if case.restricted or other.restricted:
        raise ImpossibleMove("A restricted case is linked with no other.")
    return tie(session, case, other, kind, officer_id=officer_id, now=now)


def tie(session: Session, case: Case, other: Case, kind: LinkKind, *, officer_id: int, now: datetime) -> CaseLink:
    """Link two cases, sealed or not: for moves that make one from the other."""
    assert case.id is not None
    assert other.id is not None
    query = select(CaseLink).where(
        or_(
            (CaseLink.case_id == case.id) & (CaseLink.other_id == other.id),
            (CaseLink.case_id == other.id) & (CaseLink.other_id == case.id),
        )
    )
    if session.exec(query).first() is not None:
        raise ImpossibleMove(f"{case.reference} and {other.reference} are linked already.")
    made = CaseLink(case_id=case.id, other_id=other.id, kind=kind, made_at=now, officer_id=officer_id)
    session.add(made)
    here, there = _WORDS[kind]
    for one, words, partner in ((case, here, other), (other, there, case)):
        record(
            session,
            one,
            kind="linked",
            summary=f"{words} {partner.reference}",
            actor=officer(officer_id),
            now=now,
            after={"case": partner.id, "kind": kind},
        )
    return made


def split_element(
    session: Session, case_id: int, element_id: int, *, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """Make a case of its own from one point of a case; returns it. It was received when the first was, comes from the
    same person, awaits confirmation, and both are linked."""
    case = find_case(session, case_id)
    check_move(session, case, Move.SPLIT_ELEMENT, settings=settings)
    element = find_element(session, case, element_id)
    opened = open_case(
        session,
        _message_of(session, case, f"element:{element.id}", element.text, now),
        settings=settings,
        now=now,
        actor=officer(officer_id),
    )
    element.moved_to_id = opened.id
    opened.person_id = case.person_id
    session.add_all([element, opened])
    record(
        session,
        case,
        kind="element split",
        summary=f"Point {element.number} became {opened.reference}",
        actor=officer(officer_id),
        now=now,
        after={"element": element.id, "case": opened.id},
    )
    tie(session, opened, case, LinkKind.SPLIT_FROM, officer_id=officer_id, now=now)
    return opened


def split_message(
    session: Session, case_id: int, words: str, *, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """Make a case of its own from a second matter in a message that awaits confirmation; returns it. `words` are those
    that are about it. It was received when the first was, comes from the same person, and both are linked."""
    case = find_case(session, case_id)
    check_move(session, case, Move.SPLIT, settings=settings)
    if not words.strip():
        raise ImpossibleMove("Give the words that are about the second matter.")
    message = _message_of(session, case, f"split:{case.id}:{case.version}", words.strip(), now)
    opened = open_case(session, message, settings=settings, now=now, actor=officer(officer_id))
    opened.person_id = case.person_id
    session.add(opened)
    tie(session, opened, case, LinkKind.SPLIT_FROM, officer_id=officer_id, now=now)
    return opened


def _message_of(session: Session, case: Case, position: str, words: str, now: datetime) -> Message:
    """A message of these words, in the journal like any other, so that every case begins with one."""
    first = first_message(session, case)
    content = words.encode()
    digest = hashlib.sha256(content).hexdigest()
    raw = RawMessage(
        source="desk",
        position=position,
        channel=case.channel,
        received_at=case.received_at,
        digest=digest,
        size=len(content),
        content=content,
    )
    session.add(raw)
    session.flush()
    assert raw.id is not None
    session.add(Filing(raw_message_id=raw.id, state=FilingState.ON_CASE, not_before=now, ended_at=now))
    message = Message(
        raw_message_id=raw.id,
        channel=case.channel,
        received_at=case.received_at,
        sender_name=first.sender_name,
        sender_email=first.sender_email,
        subject=case.subject,
        text=words,
        new_text=words,
        message_id=f"<{position.replace(':', '-')}@desk>",
        content_digest=digest,
        may_answer=first.may_answer,
        why_not=first.why_not,
    )
    session.add(message)
    session.flush()
    return message
