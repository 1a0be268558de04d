"""Reading a case and what belongs to it, and how it stands. Changes nothing."""

from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, select

from postroom.casework.moves import Move, allowed, check, refusal
from postroom.casework.papers import NOT_YET as NOT_YET
from postroom.casework.papers import Papers
from postroom.casework.papers import done_in as done_in
from postroom.casework.standing import Standing
from postroom.casework.standing import longer_by as longer_by
from postroom.models.case import Case, Deadline
from postroom.models.failures import NotFound
from postroom.models.message import Message, opening_first
from postroom.models.officer import Officer
from postroom.models.outcome import Element, OmbudsmanReferral
from postroom.models.person import Consent
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage

# Built once: a move asks these many times, and to build a query takes longer than to run it.
_ID: Any = bindparam("case_id")
_CASE = select(Case).where(Case.id == _ID).execution_options(populate_existing=True)
_FIRST_MESSAGE = select(Message).where(Message.case_id == _ID).order_by(*opening_first()).limit(1)


def officer(officer_id: int) -> str:
    """The actor's name of an officer in events."""
    return f"officer:{officer_id}"


def find_case(session: Session, case_id: int) -> Case:
    """The case, read anew. Raises `NotFound`."""
    case = session.exec(_CASE, params={"case_id": case_id}).first()
    if case is None:
        raise NotFound(f"There is no case {case_id}.")
    return case


def case_called(session: Session, reference: str) -> Case:
    """The case with a reference. Raises `NotFound`."""
    case = session.exec(select(Case).where(Case.reference == reference.strip().upper())).first()
    if case is None:
        raise NotFound(f"There is no case {reference}.")
    return case


def surviving_case(session: Session, case_id: int) -> Case:
    """The case, or the one that it was merged into in the end. Raises `NotFound`."""
    case = find_case(session, case_id)
    while case.merged_into_id is not None:
        case = find_case(session, case.merged_into_id)
    return case


def first_message(session: Session, case: Case) -> Message:
    """The message that opened the case."""
    message = session.exec(_FIRST_MESSAGE, params={"case_id": case.id}).first()
    if message is None:
        raise NotFound(f"{case.reference} has no message.")
    return message


def open_deadlines(session: Session, case: Case) -> list[Deadline]:
    """The steps of a case still to be done, also those that wait for consent, the most urgent first."""
    return Papers(session, case).open_deadlines


def stages_of(session: Session, case: Case) -> list[CaseStage]:
    """The stages that a case went through, the first at the front; the last is the one that it is in."""
    return Papers(session, case).stages


def stage_now(session: Session, case: Case) -> CaseStage:
    """The stage that a case is in. Raises `ImpossibleMove` before it is confirmed."""
    return Papers(session, case).stage


def elements_of(session: Session, case: Case) -> list[Element]:
    """The points of a case, without those that became cases of their own."""
    return Papers(session, case).elements


def consent_wanted(session: Session, case: Case) -> Consent | None:
    """The consent that a case waits for."""
    return Papers(session, case).consent_wanted


def referral_open(session: Session, case: Case) -> OmbudsmanReferral | None:
    """The referral that the Ombudsman has not decided yet."""
    return Papers(session, case).referral_open


def role_of(session: Session, officer_id: int) -> str:
    """The role of an officer; empty where there is no such officer."""
    return session.exec(select(Officer.role).where(Officer.id == officer_id)).first() or ""


def officer_of_email(session: Session, email: str) -> int:
    """The id of the officer with an address. Raises `NotFound`."""
    found = session.exec(select(Officer.id).where(Officer.email == email.strip().lower())).first()
    if found is None:
        raise NotFound(f"No officer has the address {email.strip()}.")
    return found


def allowed_moves(session: Session, case: Case, *, officer_id: int, settings: Settings) -> list[Move]:
    """What casework allows this officer to do with a case now; the desk shows nothing else. Whether the officer may
    see and work on the case at all was settled before."""
    return allowed(Standing(Papers(session, case), settings, role_of(session, officer_id), officer_id))


def why_not(session: Session, case: Case, *, officer_id: int, settings: Settings) -> dict[Move, str]:
    """The moves that casework does not allow this officer now, each with the reason in words."""
    standing = Standing(Papers(session, case), settings, role_of(session, officer_id), officer_id)
    return {move: words for move in Move if (words := refusal(move, standing))}


def check_move(
    session: Session, case: Case, move: Move, *, settings: Settings, officer_id: int | None = None, role: str = ""
) -> Papers:
    """Raise `ImpossibleMove` with the reason where a case does not allow a move now; returns its papers as far as they
    were read for this. The role is that of the officer unless it is given."""
    if officer_id is not None and not role:
        role = role_of(session, officer_id)
    papers = Papers(session, case)
    check(move, Standing(papers, settings, role, officer_id))
    return papers


def standing_of(session: Session, case: Case, settings: Settings, role: str, officer_id: int | None) -> Standing:
    """How a case stands for an officer of `role`, all of it read: it may outlive the session."""
    standing = Standing(Papers(session, case), settings, role, officer_id)
    allowed(standing)
    return standing
