"""Answering a case: acknowledged, put off, its separate points answered, responded to."""

from datetime import datetime

from sqlmodel import Session, col, func, select

from postroom.casework.closing import close
from postroom.casework.deadlines import set_deadlines, set_window
from postroom.casework.findings import NOTHING_FOUND, Findings, as_event, check_findings, check_outcome, keep_findings
from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.papers import Papers
from postroom.casework.procedures import stage_named
from postroom.casework.reading import (
    check_move,
    find_case,
    officer,
    role_of,
)
from postroom.casework.standing import longer_by, who_extends
from postroom.casework.working_days import in_words
from postroom.models.case import Case, DeadlineState
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.outcome import Element, ElementOutcome
from postroom.models.settings import Settings
from postroom.models.stage import Extension


def acknowledge(session: Session, case_id: int, *, settings: Settings, now: datetime, actor: str, how: str) -> Case:
    """The acknowledgement of the stage went out (`how`: which letter, or by telephone). Meets the step, and pulls the
    response date forward where its clock starts here. Where no answer is due the case is closed by this."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.ACKNOWLEDGE, settings=settings)
    case.acknowledged_at = papers.stage.acknowledged_at = now
    moved = set_deadlines(papers, settings)
    record(
        session,
        case,
        kind="acknowledged",
        summary=f"Acknowledged{moved.words}",
        actor=actor,
        now=now,
        before={"deadlines": moved.before},
        after={"acknowledged_at": now.isoformat(), "deadlines": moved.after},
        words=how.strip(),
    )
    if stage_named(settings, case.procedure, case.stage).answer is None and not settings.closing.asks.get(case.type):
        close(session, case_id, reason="nothing more is due", actor=actor, settings=settings, now=now)
    return case


def extend(
    session: Session,
    case_id: int,
    step: str,
    *,
    days: int,
    reason: str,
    told: str = "",
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """Put a step off by `days` working days, within the configured cap. The person is told by our letter, or as `told`
    says (Complaint Handling Code 2024, 5.4 to 5.6 and 6.14)."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.EXTEND, settings=settings, officer_id=officer_id)
    stage = stage_named(settings, case.procedure, case.stage)
    deadline = next((d for d in papers.open_deadlines if d.step == step and d.state == DeadlineState.OPEN), None)
    room = longer_by(deadline, stage, case, settings) if deadline else 0
    if deadline is None or not room:
        raise ImpossibleMove(f"The step {step} can't be put off further.")
    who = who_extends(stage, step)
    if who and role_of(session, officer_id) not in who:
        raise ImpossibleMove(f"More time for it is agreed to by {' or '.join(who).replace('_', ' ')}.")
    if not 0 < days <= room:
        raise ImpossibleMove(f"Put it off by 1 to {room} working days; got {days}.")
    configured = stage.steps[step]  # type: ignore[index]
    if configured.extension and configured.extension.needs_reason and not reason.strip():
        raise ImpossibleMove("Say why more time is needed; the person is told.")
    due_before = deadline.due_on
    deadline.extended_days += days
    moved = set_deadlines(papers, settings)
    assert case.id is not None
    assert deadline.id is not None
    extension = Extension(
        deadline_id=deadline.id,
        case_id=case.id,
        made_at=now,
        officer_id=officer_id,
        days=days,
        reason=reason.strip(),
        told=told.strip(),
        due_before=due_before,
        due_after=deadline.due_on,
    )
    session.add(extension)
    record(
        session,
        case,
        kind="extended",
        summary=f"Put off by {days} working days: {step.replace('_', ' ')} by {in_words(deadline.due_on)}",
        actor=officer(officer_id),
        now=now,
        before={"deadlines": moved.before | {step: due_before.isoformat()}},
        after={"step": step, "days": days, "deadlines": moved.after, "letter": not told.strip()},
        words=reason.strip(),
    )
    return case


def add_element(
    session: Session, case_id: int, text: str, *, officer_id: int, settings: Settings, now: datetime
) -> Element:
    """Note a separate point of a complaint; each must have its outcome before the stage is answered."""
    case = find_case(session, case_id)
    check_move(session, case, Move.ADD_ELEMENT, settings=settings)
    if not text.strip():
        raise ImpossibleMove("Say what the point is.")
    last = session.exec(select(func.max(col(Element.number))).where(Element.case_id == case.id)).one()
    assert case.id is not None
    element = Element(case_id=case.id, number=(last or 0) + 1, text=text.strip(), created_at=now)
    session.add(element)
    session.flush()
    record(
        session,
        case,
        kind="element added",
        summary=f"Point {element.number} noted",
        actor=officer(officer_id),
        now=now,
        after={"element": element.id, "number": element.number},
        words=text.strip(),
    )
    return element


def reword_element(
    session: Session, case_id: int, element_id: int, text: str, *, officer_id: int, settings: Settings, now: datetime
) -> Element:
    """Say better what a point is, until the stage is answered. Its number and its outcome stay."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.ADD_ELEMENT, settings=settings)
    element, _ = _answer_to(papers, element_id)
    if not text.strip():
        raise ImpossibleMove("Say what the point is.")
    element.text = text.strip()
    record(
        session,
        case,
        kind="element reworded",
        summary=f"Point {element.number} reworded",
        actor=officer(officer_id),
        now=now,
        after={"element": element.id, "number": element.number},
        words=text.strip(),
    )
    return element


def answer_element(
    session: Session,
    case_id: int,
    element_id: int,
    *,
    outcome: str,
    answer: str = "",
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """Say what the stage made of one point; again to correct it, until the stage is answered."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.ANSWER_ELEMENT, settings=settings)
    element, made = _answer_to(papers, element_id)
    check_outcome(outcome, case.type, settings)
    made = made or ElementOutcome(element_id=element_id, stage=case.stage, outcome="")
    before, made.outcome, made.answer = made.outcome, outcome, answer.strip()
    session.add(made)
    record(
        session,
        case,
        kind="element answered",
        summary=f"Point {element.number}: {outcome.replace('_', ' ')}",
        actor=officer(officer_id),
        now=now,
        before={"outcome": before} if before else {},
        after={"element": element.id, "stage": case.stage, "outcome": outcome},
        words=answer.strip(),
    )
    return case


def find_element(session: Session, case: Case, element_id: int) -> Element:
    """A point of a case. Raises `NotFound`."""
    return _answer_to(Papers(session, case), element_id)[0]


def _answer_to(papers: Papers, element_id: int) -> tuple[Element, ElementOutcome | None]:
    """A point of a case, and what its present stage made of it."""
    found = next((each for each in papers.answers if each[0].id == element_id), None)
    if found is None:
        raise NotFound("There is no such point on this case.")
    return found


def respond(
    session: Session,
    case_id: int,
    *,
    officer_id: int,
    how: str,
    settings: Settings,
    now: datetime,
    findings: Findings = NOTHING_FOUND,
    lesson: str = "",
) -> Case:
    """The stage was answered; `how` says by what letter, call or visit, `findings` what was found, `lesson` what was
    learnt. Whoever was not acknowledged yet is by this. The time in which the next stage can be asked for begins."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.RESPOND, settings=settings, officer_id=officer_id)
    if not how.strip():
        raise ImpossibleMove("Say how the response was given, as by letter or by telephone.")
    check_findings(findings, case.type, settings)
    stage = papers.stage
    case.responded_at = stage.responded_at = now
    case.acknowledged_at = stage.acknowledged_at = stage.acknowledged_at or now
    if stage_named(settings, case.procedure, case.stage).answer == "adjudicate":
        stage.adjudicated_at = now
    stage.responder_id, stage.outcome = officer_id, findings.outcome or stage.outcome
    stage.lesson = lesson.strip() or stage.lesson
    keep_findings(session, case, findings)
    moved = set_deadlines(papers, settings)
    window = set_window(papers, stage, settings)
    outcome = f", {findings.outcome.replace('_', ' ')}" if findings.outcome else ""
    record(
        session,
        case,
        kind="responded",
        summary=f"Responded{outcome}",
        actor=officer(officer_id),
        now=now,
        after={
            "stage": case.stage,
            "responded_at": now.isoformat(),
            "deadlines": moved.after,
            "window": window,
            **as_event(findings),
        },
        words=how.strip(),
    )
    return case
