"""From one stage to the next: the request, accepted or refused, and the steps of an investigation and a panel."""

from datetime import datetime

from sqlmodel import Session

from postroom.casework.deadlines import local_day, set_deadlines
from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.papers import Papers
from postroom.casework.procedures import stage_after
from postroom.casework.reading import check_move, find_case, officer
from postroom.models.case import Case, CaseStatus
from postroom.models.failures import ImpossibleMove
from postroom.models.procedure_settings import SETS, StepName
from postroom.models.settings import Settings
from postroom.models.stage import CaseStage, StageRequest


def request_stage(
    session: Session,
    case_id: int,
    *,
    requested_at: datetime,
    reason: str = "",
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """The person asked for the next stage and it is begun; its clocks count from the request. They need give no reason.
    A request after the window's end is an officer's decision, so that needs the officer's `reason`. A closed case is
    open again by this."""
    papers, request = _requested(session, case_id, Move.REQUEST_STAGE, requested_at, officer_id, settings, now)
    case = papers.case
    if request.late and not reason.strip():
        raise ImpossibleMove("The time to ask for it is over. Say why it is accepted all the same.")
    request.accepted, request.reason = True, reason.strip()
    before = {"stage": case.stage, "status": case.status}
    case.stage, case.stage_number = request.stage, case.stage_number + 1
    case.status, case.closed_at = CaseStatus.OPEN, None
    case.acknowledged_at = case.responded_at = None
    assert case.id is not None
    stage = CaseStage(case_id=case.id, number=case.stage_number, stage=case.stage, began_at=requested_at)
    session.add_all([request, stage])
    papers.stages.append(stage)
    moved = set_deadlines(papers, settings)
    record(
        session,
        case,
        kind="stage begun",
        summary=f"{_name(case, settings)} was asked for and begun" + (", though late" if request.late else ""),
        actor=officer(officer_id),
        now=now,
        before=before,
        after={
            "stage": case.stage,
            "status": case.status,
            "requested_at": requested_at.isoformat(),
            "late": request.late,
            "deadlines": moved.after,
        },
        words=reason.strip(),
    )
    return case


def refuse_stage(
    session: Session,
    case_id: int,
    *,
    requested_at: datetime,
    reason: str,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """The person asked for the next stage and is refused it, with the reason; counted in reports."""
    papers, request = _requested(session, case_id, Move.REFUSE_STAGE, requested_at, officer_id, settings, now)
    case = papers.case
    if not reason.strip():
        raise ImpossibleMove("Say why the next stage is refused; the person is told.")
    request.accepted, request.reason = False, reason.strip()
    session.add(request)
    record(
        session,
        case,
        kind="stage refused",
        summary="The next stage was asked for and refused",
        actor=officer(officer_id),
        now=now,
        after={"stage": request.stage, "requested_at": requested_at.isoformat(), "late": request.late},
        words=reason.strip(),
    )
    return case


def agree_statement(
    session: Session, case_id: int, *, at: datetime, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """The statement of complaint was agreed with the person (SI 2006/1738, stage 2)."""
    return _do(session, case_id, "agree_statement", "Statement of complaint agreed", at, officer_id, settings, now)


def adjudicate(
    session: Session, case_id: int, *, at: datetime, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """It was adjudicated, where the configuration has that before the response."""
    return _do(session, case_id, "adjudicate", "Adjudicated", at, officer_id, settings, now)


def panel_met(
    session: Session, case_id: int, *, at: datetime, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """The review panel met (SI 2006/1738, stage 3)."""
    return _do(session, case_id, "panel_meets", "The panel met", at, officer_id, settings, now)


def panel_reported(
    session: Session, case_id: int, *, at: datetime, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """The review panel's report is there; the council's response is counted from it."""
    return _do(session, case_id, "panel_reports", "The panel reported", at, officer_id, settings, now)


def _do(
    session: Session,
    case_id: int,
    step: StepName,
    summary: str,
    at: datetime,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    case = find_case(session, case_id)
    papers = check_move(session, case, Move(step), settings=settings, officer_id=officer_id)
    stage = papers.stage
    latest = max(filter(None, (stage.began_at, stage.panel_met_at if step == "panel_reports" else None)))
    if not latest <= at <= now:
        raise ImpossibleMove(f"It can't have been before {latest:%d %B %Y}, nor after today.")
    setattr(stage, f"{SETS[step]}_at", at)
    moved = set_deadlines(papers, settings)
    record(
        session,
        case,
        kind=f"step: {step.replace('_', ' ')}",
        summary=summary + moved.words,
        actor=officer(officer_id),
        now=now,
        before={"deadlines": moved.before},
        after={"step": step, "at": at.isoformat(), "deadlines": moved.after},
    )
    return case


def _requested(
    session: Session,
    case_id: int,
    move: Move,
    requested_at: datetime,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> tuple[Papers, StageRequest]:
    case = find_case(session, case_id)
    papers = check_move(session, case, move, settings=settings, officer_id=officer_id)
    earlier = papers.stage
    following = stage_after(settings, case.procedure, case.stage_number)
    assert following is not None
    assert case.id is not None
    assert earlier.responded_at is not None
    if not earlier.responded_at <= requested_at <= now:
        raise ImpossibleMove("The next stage is asked for after the answer, and not in the future.")
    ends = earlier.window_ends_on
    request = StageRequest(
        case_id=case.id,
        stage=following.id,
        requested_at=requested_at,
        decided_at=now,
        officer_id=officer_id,
        accepted=False,
        late=ends is not None and local_day(settings, requested_at) > ends,
    )
    return papers, request


def _name(case: Case, settings: Settings) -> str:
    stage = settings.procedures[case.procedure].stage(case.stage)
    return stage.name if stage else case.stage
