"""What was found about a case and what came of it: points, stages, actions, costs, the Ombudsman, the closing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from postroom.casework.reading import elements_of, stages_of
from postroom.models.case import Case, CaseStatus
from postroom.models.closing_settings import NO_ANSWER
from postroom.models.officer import Officer
from postroom.models.outcome import (
    CaseClosing,
    ElementOutcome,
    Finding,
    FindingKind,
    LearningAction,
    OmbudsmanReferral,
    Payment,
)
from postroom.models.person import Consent


@dataclass(frozen=True)
class StageOutcome:
    """What a stage made of a point. `stage` is its id."""

    stage: str
    outcome: str
    answer: str


@dataclass(frozen=True)
class PointOnPage:
    """One separable point of the case. `now` is what the running stage made of it, `earlier` what others did."""

    id: int
    number: int
    text: str
    now: StageOutcome | None
    earlier: tuple[StageOutcome, ...]


@dataclass(frozen=True)
class StageOnPage:
    """A stage that the case is in or was in; `found` is each kind of finding with its codes, the primary one first."""

    stage: str
    began_at: datetime
    acknowledged_at: datetime | None
    responded_at: datetime | None
    responder: str
    outcome: str
    window_ends_on: date | None
    found: dict[str, list[str]]


@dataclass(frozen=True)
class ActionOnPage:
    id: int
    text: str
    owner: str
    due_on: date
    recommended: bool
    done_at: datetime | None
    done_how: str


@dataclass(frozen=True)
class Findings:
    """All that was found about a case, and what came of it."""

    points: tuple[PointOnPage, ...]
    stages: tuple[StageOnPage, ...]
    consents: tuple[Consent, ...]
    actions: tuple[ActionOnPage, ...]
    payments: tuple[Payment, ...]
    referrals: tuple[OmbudsmanReferral, ...]
    closing: CaseClosing | None
    """What was answered when it was closed, while it is closed."""

    @property
    def total_pence(self) -> int:
        return sum(payment.pence for payment in self.payments)

    @property
    def tells_of_stages(self) -> bool:
        """Whether there is more to say of stages than that the first one runs."""
        return len(self.stages) > 1 or any(stage.responded_at or stage.found for stage in self.stages)


def findings_of(session: Session, case: Case) -> Findings:
    names = {id_: name for id_, name in session.exec(select(Officer.id, Officer.name)) if id_ is not None}
    of_case = {
        "consents": select(Consent).where(Consent.case_id == case.id).order_by(col(Consent.id)),
        "payments": select(Payment).where(Payment.case_id == case.id).order_by(col(Payment.id)),
        "referrals": select(OmbudsmanReferral)
        .where(OmbudsmanReferral.case_id == case.id)
        .order_by(col(OmbudsmanReferral.id)),
    }
    return Findings(
        points=_points(session, case),
        stages=_stages(session, case, names),
        actions=_actions(session, case, names),
        closing=session.get(CaseClosing, case.id) if case.status == CaseStatus.CLOSED else None,
        **{name: tuple(session.exec(query)) for name, query in of_case.items()},  # type: ignore[call-overload]
    )


def _points(session: Session, case: Case) -> tuple[PointOnPage, ...]:
    elements = elements_of(session, case)
    query = select(ElementOutcome).where(col(ElementOutcome.element_id).in_([each.id for each in elements]))
    made = session.exec(query.order_by(col(ElementOutcome.id))).all() if elements else ()
    return tuple(_point(each.id or 0, each.number, each.text, made, case.stage) for each in elements)


def _point(id_: int, number: int, text: str, made: Sequence[ElementOutcome], stage: str) -> PointOnPage:
    outcomes = [StageOutcome(each.stage, each.outcome, each.answer) for each in made if each.element_id == id_]
    now = next((each for each in outcomes if each.stage == stage), None)
    return PointOnPage(id_, number, text, now, tuple(each for each in outcomes if each.stage != stage))


def _stages(session: Session, case: Case, names: dict[int, str]) -> tuple[StageOnPage, ...]:
    found: dict[str, dict[str, list[str]]] = {}
    query = select(Finding).where(Finding.case_id == case.id).order_by(col(Finding.id), col(Finding.place))
    for finding in session.exec(query):
        if finding.code not in NO_ANSWER:
            found.setdefault(finding.stage, {}).setdefault(FindingKind(finding.kind), []).append(finding.code)
    return tuple(
        StageOnPage(
            stage=stage.stage,
            began_at=stage.began_at,
            acknowledged_at=stage.acknowledged_at,
            responded_at=stage.responded_at,
            responder=names.get(stage.responder_id or 0, ""),
            outcome=stage.outcome,
            window_ends_on=stage.window_ends_on,
            found=found.get(stage.stage, {}),
        )
        for stage in stages_of(session, case)
    )


def _actions(session: Session, case: Case, names: dict[int, str]) -> tuple[ActionOnPage, ...]:
    query = select(LearningAction).where(LearningAction.case_id == case.id)
    return tuple(
        ActionOnPage(
            id=action.id or 0,
            text=action.text,
            owner=names.get(action.owner_id, ""),
            due_on=action.due_on,
            recommended=action.recommended,
            done_at=action.done_at,
            done_how=action.done_how,
        )
        for action in session.exec(query.order_by(col(LearningAction.due_on), col(LearningAction.id)))
    )
