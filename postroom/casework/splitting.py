"""A message that seems to hold two matters: one of them becomes a case of its own, or an officer keeps both as one."""

from datetime import datetime

from sqlmodel import Session

from postroom.casework.history import record
from postroom.casework.joining import split_message
from postroom.casework.reading import find_case, first_message, officer
from postroom.models.campaign import Settled, TwoMatters
from postroom.models.case import Case
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.message import Message
from postroom.models.settings import Settings


def split_matter(
    session: Session, case_id: int, part: int, *, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """Open a case of its own for the first or second (`part`: 1 or 2) matter that the message of a case seems to hold;
    returns it. Both cases are linked and keep the whole text, except that a new case beside a sealed service holds
    nothing but its own part. Raises `ImpossibleMove`, `NotFound`."""
    case, message, matters = _proposed(session, case_id)
    if part not in (1, 2):
        raise ImpossibleMove("Choose which part becomes a case of its own.")
    place = matters.parts[part - 1]
    words = message.new_text[place["start"] : place["end"]]
    opened = split_message(session, case_id, words, officer_id=officer_id, settings=settings, now=now)
    sealed = case.sealed or any(settings.is_sealed(each["team"]) for each in matters.parts)
    if not sealed:
        begun = first_message(session, opened)
        begun.text = message.text
        session.add(begun)
    matters.case_id = opened.id
    _settle(session, matters, Settled.SPLIT, now)
    record(
        session,
        case,
        kind="message split",
        summary=f"Part of the message became {opened.reference}",
        actor=officer(officer_id),
        now=now,
        after={"message": message.id, "part": part, "case": opened.id},
    )
    return opened


def keep_as_one(session: Session, case_id: int, *, officer_id: int, now: datetime) -> Case:
    """An officer finds that the message of a case holds one matter. Raises `ImpossibleMove`, `NotFound`."""
    case, message, matters = _proposed(session, case_id)
    _settle(session, matters, Settled.ONE_MATTER, now)
    record(
        session,
        case,
        kind="kept as one",
        summary="What seemed to be two matters was kept as one",
        actor=officer(officer_id),
        now=now,
        after={"message": message.id},
    )
    return case


def _proposed(session: Session, case_id: int) -> tuple[Case, Message, TwoMatters]:
    """What was proposed about the message that opened the case, and is not settled yet."""
    case = find_case(session, case_id)
    message = first_message(session, case)
    matters = session.get(TwoMatters, message.id, populate_existing=True, with_for_update=True)
    if matters is None:
        raise NotFound(f"The message of {case.reference} seems to hold one matter.")
    if matters.settled != Settled.NOT_YET:
        raise ImpossibleMove("It was settled already whether this message holds two matters.")
    return case, message, matters


def _settle(session: Session, matters: TwoMatters, settled: Settled, now: datetime) -> None:
    matters.settled, matters.settled_at = settled, now
    session.add(matters)
