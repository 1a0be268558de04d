"""Closing a case with what reports need, withdrawing it, and opening it again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session

from postroom.casework.deadlines import cancel_deadlines, set_deadlines
from postroom.casework.findings import NOTHING_FOUND, Findings, as_event, check_findings, keep_findings, kinds_found
from postroom.casework.history import record
from postroom.casework.moves import Move
from postroom.casework.papers import Papers
from postroom.casework.reading import check_move, find_case, officer
from postroom.models.case import Case, CaseStatus
from postroom.models.closing_settings import NO_ANSWER, NOT_APPLICABLE, Question
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import CaseClosing, FindingKind
from postroom.models.settings import Settings

_ASKED: dict[Question, str] = {
    "outcome": "its outcome",
    "cause": "its cause",
    "remedy": "its remedy",
    "lesson": "what was learnt",
    "equalities": "each question about the person",
}


@dataclass(frozen=True)
class ClosingAnswers:
    """What closing asks for. `declined` and `not_applicable` are answers to each question, blank is none; what was
    found at a stage need not be given again. `equalities`: the configuration's questions with their answers."""

    findings: Findings = NOTHING_FOUND
    lesson: str = ""
    equalities: Mapping[str, str] = field(default_factory=dict)


NOTHING_SAID = ClosingAnswers()


def questions(settings: Settings, type_: str) -> list[Question]:
    """What closing a case of a type asks for."""
    return list(settings.closing.asks.get(type_, []))


def close(
    session: Session,
    case_id: int,
    answers: ClosingAnswers = NOTHING_SAID,
    *,
    reason: str,
    actor: str,
    settings: Settings,
    now: datetime,
) -> Case:
    """Close a case. Its open deadlines are cancelled, not met. Raises `ImpossibleMove` where a question that the
    configuration asks for its type is left blank."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.CLOSE, settings=settings)
    if not reason.strip():
        raise ImpossibleMove("Say why the case is closed.")
    answers = _completed(papers, answers)
    _check_answers(papers, answers, settings)
    return _close(papers, answers, reason.strip(), "closed", "Closed", actor, now)


def withdraw(
    session: Session,
    case_id: int,
    *,
    reason: str,
    deemed: bool = False,
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """The person took it back, or is deemed to have, as they did not answer. What closing asks for is then not
    applicable."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.WITHDRAW, settings=settings)
    if not reason.strip():
        raise ImpossibleMove("Say how the person withdrew it, or why they are deemed to have.")
    closing = settings.closing
    outcome = closing.deemed_withdrawn if deemed else closing.withdrawn
    found = kinds_found(session, case)
    findings = Findings(
        outcome=outcome if outcome in closing.outcomes.get(case.type, []) else "",
        causes=() if FindingKind.CAUSE in found else (NOT_APPLICABLE,),
        remedies=() if FindingKind.REMEDY in found else (NOT_APPLICABLE,),
    )
    nobody_asked = dict.fromkeys(closing.equalities, NOT_APPLICABLE)
    answers = ClosingAnswers(findings, lesson=NOT_APPLICABLE, equalities=nobody_asked)
    summary = "Deemed to be withdrawn" if deemed else "Withdrawn"
    return _close(papers, answers, reason.strip(), "withdrawn", summary, officer(officer_id), now)


def reopen(session: Session, case_id: int, *, reason: str, officer_id: int, settings: Settings, now: datetime) -> Case:
    """Open a closed case again; steps not yet done are due by their old dates. One that was never confirmed awaits that
    again."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.REOPEN, settings=settings)
    if not reason.strip():
        raise ImpossibleMove("Say why the case is reopened.")
    case.status = CaseStatus.OPEN if case.procedure else CaseStatus.AWAITING
    if case.status == CaseStatus.AWAITING:
        case.team, case.sealed = "", case.sealed_by_hand
    closed_at, case.closed_at = case.closed_at, None
    moved = set_deadlines(papers, settings) if case.procedure else None
    record(
        session,
        case,
        kind="reopened",
        summary="Reopened",
        actor=officer(officer_id),
        now=now,
        before={"status": CaseStatus.CLOSED, "closed_at": closed_at.isoformat() if closed_at else None},
        after={"status": case.status, "deadlines": moved.after if moved else {}},
        words=reason.strip(),
    )
    return case


def _completed(papers: Papers, answers: ClosingAnswers) -> ClosingAnswers:
    """The answers; where no outcome or lesson is given, with that of the latest stage that has one."""
    latest = papers.stages[::-1]
    outcome = answers.findings.outcome or next((each.outcome for each in latest if each.outcome), "")
    lesson = answers.lesson.strip() or next((each.lesson for each in latest if each.lesson), "")
    return replace(answers, findings=replace(answers.findings, outcome=outcome), lesson=lesson)


def _check_answers(papers: Papers, answers: ClosingAnswers, settings: Settings) -> None:
    closing, case = settings.closing, papers.case
    check_findings(answers.findings, case.type, settings)
    for question, answer in answers.equalities.items():
        if answer and answer not in (*closing.equalities.get(question, []), *NO_ANSWER):
            raise ImpossibleMove(f"Choose an answer from the list of {question.replace('_', ' ')}.")
    findings, found = answers.findings, kinds_found(papers.session, case)
    answered: dict[Question, bool] = {
        "outcome": bool(findings.outcome),
        "cause": bool(findings.causes or FindingKind.CAUSE in found),
        "remedy": bool(findings.remedies or FindingKind.REMEDY in found),
        "lesson": bool(answers.lesson),
        "equalities": all(answers.equalities.get(question) for question in closing.equalities),
    }
    blank = [_ASKED[question] for question in questions(settings, case.type) if not answered[question]]
    if blank:
        raise ImpossibleMove(f"Answer, before the case is closed: {', '.join(blank)}.")


def _close(
    papers: Papers,
    answers: ClosingAnswers,
    reason: str,
    kind: str,
    summary: str,
    actor: str,
    now: datetime,
) -> Case:
    session, case = papers.session, papers.case
    case.status, case.closed_at = CaseStatus.CLOSED, now
    cancel_deadlines(papers)
    keep_findings(session, case, answers.findings)
    assert case.id is not None
    closing = session.get(CaseClosing, case.id) or CaseClosing(case_id=case.id, closed_at=now)
    closing.closed_at, closing.reason, closing.outcome = now, reason, answers.findings.outcome
    closing.lesson, closing.equalities = answers.lesson, dict(answers.equalities)
    session.add(closing)
    outcome = f", {closing.outcome.replace('_', ' ')}" if closing.outcome and kind == "closed" else ""
    record(
        session,
        case,
        kind=kind,
        summary=summary + outcome,
        actor=actor,
        now=now,
        before={"status": CaseStatus.OPEN},
        after={"status": CaseStatus.CLOSED, **as_event(answers.findings)},
        words=reason,
    )
    return case
