"""Reading a case and what belongs to it, and how it stands. Changes nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from postroom.casework.moves import Move, Standing, allowed, check, refusal
from postroom.casework.procedures import stage_after
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.message import Message, opening_first
from postroom.models.officer import Officer
from postroom.models.outcome import Element, ElementOutcome, LearningAction, OmbudsmanReferral
from postroom.models.person import Consent
from postroom.models.procedure_settings import SETS, Stage
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage

NOT_YET = (DeadlineState.OPEN, DeadlineState.PAUSED)

# Built once: a move asks these many times, and to build a query takes longer than to run it.
_ID: Any = bindparam("case_id")
_CASE = select(Case).where(Case.id == _ID).execution_options(populate_existing=True)
_FIRST_MESSAGE = select(Message).where(Message.case_id == _ID).order_by(*opening_first()).limit(1)
_OPEN_DEADLINES = (
    select(Deadline).where(Deadline.case_id == _ID, col(Deadline.state).in_(NOT_YET)).order_by(col(Deadline.due_on))
)
_STAGES = select(CaseStage).where(CaseStage.case_id == _ID).order_by(col(CaseStage.number))
_ELEMENTS = (
    select(Element).where(Element.case_id == _ID, col(Element.moved_to_id).is_(None)).order_by(col(Element.number))
)
_CONSENT_WANTED = select(Consent).where(Consent.case_id == _ID, col(Consent.ended_at).is_(None))
_REFERRAL_OPEN = select(OmbudsmanReferral).where(
    OmbudsmanReferral.case_id == _ID, col(OmbudsmanReferral.decided_on).is_(None)
)
_OPEN_ACTION = select(LearningAction.id).where(LearningAction.case_id == _ID, col(LearningAction.done_at).is_(None))


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
    return list(session.exec(_OPEN_DEADLINES, params={"case_id": case.id}))


def stages_of(session: Session, case: Case) -> list[CaseStage]:
    """The stages that a case went through, the first at the front; the last is the one that it is in."""
    return list(session.exec(_STAGES, params={"case_id": case.id}))


def stage_now(session: Session, case: Case) -> CaseStage:
    """The stage that a case is in. Raises `ImpossibleMove` before it is confirmed."""
    stages = stages_of(session, case)
    if not stages:
        raise ImpossibleMove(f"Confirm first what {case.reference} is.")
    return stages[-1]


def done_in(stage: CaseStage) -> dict[str, datetime]:
    """The steps done in a stage, with when."""
    moments = {step: getattr(stage, f"{clock}_at") for step, clock in SETS.items()}
    return {step: moment for step, moment in moments.items() if moment is not None}


def elements_of(session: Session, case: Case) -> list[Element]:
    """The points of a case, without those that became cases of their own."""
    return list(session.exec(_ELEMENTS, params={"case_id": case.id}))


def consent_wanted(session: Session, case: Case) -> Consent | None:
    """The consent that a case waits for."""
    return session.exec(_CONSENT_WANTED, params={"case_id": case.id}).first()


def referral_open(session: Session, case: Case) -> OmbudsmanReferral | None:
    """The referral that the Ombudsman has not decided yet."""
    return session.exec(_REFERRAL_OPEN, params={"case_id": case.id}).first()


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
    return allowed(standing_of(session, case, settings, role_of(session, officer_id), officer_id))


def why_not(session: Session, case: Case, *, officer_id: int, settings: Settings) -> dict[Move, str]:
    """The moves that casework does not allow this officer now, each with the reason in words."""
    standing = standing_of(session, case, settings, role_of(session, officer_id), officer_id)
    return {move: words for move in Move if (words := refusal(move, standing))}


def check_move(
    session: Session, case: Case, move: Move, *, settings: Settings, officer_id: int | None = None, role: str = ""
) -> None:
    """Raise `ImpossibleMove` with the reason where a case does not allow a move now. The role is that of the officer
    unless it is given."""
    if officer_id is not None and not role:
        role = role_of(session, officer_id)
    check(move, standing_of(session, case, settings, role, officer_id))


def standing_of(session: Session, case: Case, settings: Settings, role: str, officer_id: int | None) -> Standing:
    """How a case stands for an officer of `role`."""
    if case.status == CaseStatus.AWAITING:
        return Standing(
            reference=case.reference,
            status=case.status,
            restricted=case.restricted,
            role=role,
            date_roles=tuple(settings.casework.dates_corrected_by),
        )
    session.flush()
    stages = stages_of(session, case)
    configured = _configured(settings, case)
    done = done_in(stages[-1]) if stages else {}
    elements = elements_of(session, case)
    following = stage_after(settings, case.procedure, case.stage_number)
    return Standing(
        reference=case.reference,
        status=case.status,
        merged=case.merged_into_id is not None,
        stage=configured.name if configured else case.stage,
        steps=frozenset(configured.steps) if configured else frozenset(),
        done=frozenset(done),
        answer=configured.answer if configured else None,
        next_stage=following.name if following else "",
        consent_wanted=consent_wanted(session, case) is not None,
        extensible=_extensible(session, case, configured, settings),
        elements=tuple(element.number for element in elements),
        unanswered_elements=_unanswered(session, case, elements),
        at_ombudsman=referral_open(session, case) is not None,
        open_actions=session.exec(_OPEN_ACTION, params={"case_id": case.id}).first() is not None,
        sealed=case.sealed,
        sealed_by_team=settings.is_sealed(case.team),
        restricted=case.restricted,
        role=role,
        answering_roles=tuple(configured.answered_by) if configured else (),
        requesting_roles=tuple(configured.window.decided_by) if configured and configured.window else (),
        somebody_else=_answered_before(configured, stages, officer_id),
        date_roles=tuple(settings.casework.dates_corrected_by),
    )


def longer_by(deadline: Deadline, stage: Stage, case: Case, settings: Settings) -> int:
    """How many working days a step may be put off at once now; 0 where it can't."""
    step = stage.steps.get(deadline.step)  # type: ignore[call-overload]
    if step is None or step.extension is None:
        return 0
    service = settings.teams[case.team].service if case.team in settings.teams else ""
    room = step.cap_for(service, case.team, case.category) - deadline.limit_days - deadline.extended_days
    return int(max(0, min(step.extension.by, room)))


def _configured(settings: Settings, case: Case) -> Stage | None:
    procedure = settings.procedures.get(case.procedure)
    return procedure.stage(case.stage) if procedure else None


def who_extends(stage: Stage, step: str) -> tuple[str, ...]:
    """The roles that may put a step off; none where every role may."""
    configured = stage.steps.get(step)  # type: ignore[call-overload]
    return tuple(configured.extension.agreed_by) if configured and configured.extension else ()


def _extensible(session: Session, case: Case, stage: Stage | None, settings: Settings) -> dict[str, tuple[str, ...]]:
    if stage is None:
        return {}
    return {
        deadline.step: who_extends(stage, deadline.step)
        for deadline in open_deadlines(session, case)
        if deadline.state == DeadlineState.OPEN and longer_by(deadline, stage, case, settings)
    }


def _unanswered(session: Session, case: Case, elements: Sequence[Element]) -> tuple[int, ...]:
    if not elements:
        return ()
    query = select(ElementOutcome.element_id).where(
        ElementOutcome.stage == case.stage, col(ElementOutcome.element_id).in_([element.id for element in elements])
    )
    answered = set(session.exec(query))
    return tuple(element.number for element in elements if element.id not in answered)


def _answered_before(stage: Stage | None, stages: Sequence[CaseStage], officer_id: int | None) -> bool:
    if stage is None or not stage.somebody_else or officer_id is None:
        return False
    return officer_id in {earlier.responder_id for earlier in stages[:-1]}
