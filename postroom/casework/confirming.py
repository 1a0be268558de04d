"""What a case is and whose: an officer confirms it, corrects it, or gives it to another team.

Every function works in the session it is given and leaves the commit to its caller.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from postroom.casework.assigning import leave_team
from postroom.casework.deadlines import local_day, set_deadlines
from postroom.casework.history import record
from postroom.casework.labels import Labels, check
from postroom.casework.moves import Move
from postroom.casework.procedure_choice import choose, follow
from postroom.casework.procedures import procedure_for
from postroom.casework.reading import check_move, find_case, officer
from postroom.casework.working_days import in_words
from postroom.models.case import Case, CaseStatus, Decision
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.message import Message, Suggestion, opening_first
from postroom.models.settings import Settings

_OF_MESSAGE = select(Suggestion.id).where(Suggestion.message_id == Message.id).correlate(Message)
_NEWEST = _OF_MESSAGE.order_by(col(Suggestion.created_at).desc(), col(Suggestion.id).desc()).limit(1)
_SEEN = _OF_MESSAGE.where(Suggestion.id == bindparam("seen"))
_SUGGESTED = (
    select(Message.id, _NEWEST.scalar_subquery(), _SEEN.scalar_subquery())
    .where(Message.case_id == bindparam("case_id"))
    .order_by(*opening_first())
    .limit(1)
)
"""The message that opened a case, its newest suggestion, and the one that was seen if it is of that message."""


@dataclass(frozen=True)
class Seen:
    """Which suggestion stood beside the form that an officer filled in, whether they could not see it (blind), and when
    the page was shown to them, where that is known."""

    suggestion_id: int | None
    blind: bool = False
    shown_at: datetime | None = None


def confirm(
    session: Session,
    case_id: int,
    labels: Labels,
    *,
    officer_id: int,
    settings: Settings,
    now: datetime,
    procedure: str | None = None,
    seen: Seen | None = None,
    reason: str = "",
) -> Case:
    """An officer says what a case is: its first message's labels become facts and its deadlines start. `procedure` is
    the one that the officer chose; the one that fits type and team where none is named.

    Confirming again corrects it, with the officer's `reason` where they give one: the type's history stays, deadlines
    follow the new procedure, and the event says which it is and shows the dates before and after. Without `seen` the
    newest suggestion counts as the one that was seen.
    """
    check(labels, settings)
    case = find_case(session, case_id)
    corrected = case.status != CaseStatus.AWAITING
    papers = check_move(session, case, Move.CORRECT if corrected else Move.CONFIRM, settings=settings)
    chosen = choose(procedure, labels.type, labels.team, settings)
    before = _labels_of(case)
    _keep_decision(session, case, labels, officer_id, now, seen)
    leave_team(case, labels.team)
    case.type, case.category, case.team = labels.type, labels.category, labels.team
    case.exclusion, case.at_risk = labels.exclusion, labels.at_risk
    case.initial_type = case.initial_type or labels.type
    case.sealed = case.sealed_by_hand or settings.is_sealed(labels.team)
    case.confirmed_at = case.confirmed_at or now
    case.status = CaseStatus.OPEN
    follow(papers, chosen, settings)
    moved = set_deadlines(papers, settings)
    followed = "" if before["procedure"] in ("", chosen) else f", now by {settings.procedures[chosen].name}"
    record(
        session,
        case,
        kind="corrected" if corrected else "confirmed",
        summary=_confirmed_as(labels, corrected, settings) + followed + moved.words,
        actor=officer(officer_id),
        now=now,
        before={**before, "deadlines": moved.before},
        after={**_labels_of(case), "deadlines": moved.after},
        words=reason.strip(),
    )
    return case


def reassign(
    session: Session, case_id: int, team: str, *, reason: str, officer_id: int, settings: Settings, now: datetime
) -> Case:
    """Give an open case to another team whose cases follow the same procedure; dates follow the team's limits."""
    case = find_case(session, case_id)
    papers = check_move(session, case, Move.REASSIGN, settings=settings)
    if team not in settings.teams:
        raise ImpossibleMove(f"Choose a team; there is none called {team or 'nothing'}.")
    if team == case.team:
        raise ImpossibleMove(f"{case.reference} is with {settings.teams[team].name} already.")
    proposed = procedure_for(settings, case.type, team)
    if proposed not in (case.procedure, procedure_for(settings, case.type, case.team)):
        name = settings.procedures[proposed].name
        raise ImpossibleMove(f'Cases of {settings.teams[team].name} follow "{name}". Correct what the case is instead.')
    if not reason.strip():
        raise ImpossibleMove("Say why the case goes to another team.")
    before = {"team": case.team, "sealed": case.sealed}
    leave_team(case, team)
    case.team, case.sealed = team, case.sealed_by_hand or settings.is_sealed(team)
    moved = set_deadlines(papers, settings)
    record(
        session,
        case,
        kind="reassigned",
        summary=f"Given to {settings.teams[team].name}{moved.words}",
        actor=officer(officer_id),
        now=now,
        before={**before, "deadlines": moved.before},
        after={"team": team, "sealed": case.sealed, "deadlines": moved.after},
        words=reason.strip(),
    )
    return case


def note_incident(
    session: Session,
    case_id: int,
    on: date,
    *,
    late_reason: str = "",
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> Case:
    """Record when it happened. Where that is longer ago than `casework.made_within_months`, taking the complaint up all
    the same is an officer's decision, so it needs a reason."""
    case = find_case(session, case_id)
    check_move(session, case, Move.NOTE_INCIDENT, settings=settings)
    received = local_day(settings, case.received_at)
    if on > received:
        raise ImpossibleMove("It can't have happened after the case was received.")
    months = (received.year - on.year) * 12 + received.month - on.month - (received.day < on.day)
    late = months >= settings.casework.made_within_months
    if late and not late_reason.strip():
        within = settings.casework.made_within_months
        raise ImpossibleMove(f"It happened more than {within} months before. Say why it is taken up all the same.")
    before = case.incident_on
    case.incident_on = on
    session.add(case)
    record(
        session,
        case,
        kind="incident noted",
        summary=f"Happened on {in_words(on)}" + (", taken up though late" if late else ""),
        actor=officer(officer_id),
        now=now,
        before={"incident_on": before.isoformat() if before else None},
        after={"incident_on": on.isoformat(), "late": late},
        words=late_reason.strip(),
    )
    return case


def _labels_of(case: Case) -> dict[str, Any]:
    names = ("status", "type", "category", "team", "exclusion", "at_risk", "procedure", "stage")
    return {name: getattr(case, name) for name in names}


def _confirmed_as(labels: Labels, corrected: bool, settings: Settings) -> str:
    category = "" if labels.category == "none" else f", {labels.category}"
    what = f"{labels.type}{category}".replace("_", " ")
    return f"{'Corrected to' if corrected else 'Confirmed as'} {what} for {settings.teams[labels.team].name}"


def _keep_decision(
    session: Session,
    case: Case,
    labels: Labels,
    officer_id: int,
    now: datetime,
    seen: Seen | None,
) -> None:
    """Keep what was suggested beside what was chosen: training and the accuracy report learn from it."""
    found = session.exec(_SUGGESTED, params={"case_id": case.id, "seen": seen and seen.suggestion_id}).first()
    if found is None:
        raise NotFound(f"{case.reference} has no message.")
    message_id, newest, as_seen = found
    assert case.id is not None
    assert message_id is not None
    session.add(
        Decision(
            case_id=case.id,
            message_id=message_id,
            suggestion_id=newest if seen is None else as_seen,
            officer_id=officer_id,
            decided_at=now,
            blind=seen is not None and seen.blind,
            shown_at=seen.shown_at if seen is not None else None,
            **asdict(labels),
        )
    )
