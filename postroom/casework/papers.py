"""A case and what belongs to it. Each part is read when it is first asked for, and once: a move passes them on."""

from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import and_, bindparam
from sqlmodel import Session, col, select

from postroom.models.case import Case, Deadline, DeadlineState
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import Element, ElementOutcome, LearningAction, OmbudsmanReferral
from postroom.models.person import Consent
from postroom.models.procedure_settings import SETS
from postroom.models.stage import CaseStage

NOT_YET = (DeadlineState.OPEN, DeadlineState.PAUSED)

# Built once: a move asks these many times, and to build a query takes longer than to run it.
_ID: Any = bindparam("case_id")
_STAGES = select(CaseStage).where(CaseStage.case_id == _ID).order_by(col(CaseStage.number))
_DEADLINES = select(Deadline).where(Deadline.case_id == _ID).order_by(col(Deadline.due_on))
_CONSENTS = select(Consent).where(Consent.case_id == _ID).order_by(col(Consent.id))
_ELEMENTS = (
    select(Element, ElementOutcome)
    .outerjoin(
        ElementOutcome,
        and_(col(ElementOutcome.element_id) == Element.id, col(ElementOutcome.stage) == bindparam("stage")),
    )
    .where(Element.case_id == _ID, col(Element.moved_to_id).is_(None))
    .order_by(col(Element.number))
)
_REFERRAL_OPEN = select(OmbudsmanReferral).where(
    OmbudsmanReferral.case_id == _ID, col(OmbudsmanReferral.decided_on).is_(None)
)
_OPEN_ACTION = select(LearningAction.id).where(LearningAction.case_id == _ID, col(LearningAction.done_at).is_(None))


class Papers:
    """What there is of a case in one transaction. Whoever adds a row to it adds it here too."""

    def __init__(self, session: Session, case: Case) -> None:
        self.session = session
        self.case = case

    @cached_property
    def stages(self) -> list[CaseStage]:
        """The stages that it went through, the first at the front; the last is the one that it is in."""
        return self._all(_STAGES)

    @property
    def stage(self) -> CaseStage:
        """The stage that it is in. Raises `ImpossibleMove` before it is confirmed."""
        if not self.stages:
            raise ImpossibleMove(f"Confirm first what {self.case.reference} is.")
        return self.stages[-1]

    @cached_property
    def deadlines(self) -> list[Deadline]:
        """The steps of all its stages, also what is done or cancelled; the earliest first."""
        return self._all(_DEADLINES)

    @property
    def open_deadlines(self) -> list[Deadline]:
        """The steps still to be done, also those that wait for consent."""
        return [deadline for deadline in self.deadlines if deadline.state in NOT_YET]

    @cached_property
    def consents(self) -> list[Consent]:
        """Every consent that was wanted, at all its stages."""
        return self._all(_CONSENTS)

    @property
    def consent_wanted(self) -> Consent | None:
        """The consent that it waits for."""
        return next((consent for consent in self.consents if consent.ended_at is None), None)

    @cached_property
    def answers(self) -> list[tuple[Element, ElementOutcome | None]]:
        """Its points, without those that became cases of their own, with what the present stage made of each."""
        rows = self.session.exec(_ELEMENTS, params={"case_id": self.case.id, "stage": self.case.stage})
        return [(element, outcome) for element, outcome in rows]

    @property
    def elements(self) -> list[Element]:
        return [element for element, _ in self.answers]

    @cached_property
    def referral_open(self) -> OmbudsmanReferral | None:
        """The referral that the Ombudsman has not decided yet."""
        return self.session.exec(_REFERRAL_OPEN, params={"case_id": self.case.id}).first()

    @cached_property
    def has_open_action(self) -> bool:
        return self.session.exec(_OPEN_ACTION, params={"case_id": self.case.id}).first() is not None

    def _all(self, query: Any) -> list[Any]:
        return list(self.session.exec(query, params={"case_id": self.case.id}))


def done_in(stage: CaseStage) -> dict[str, datetime]:
    """The steps done in a stage, with when."""
    moments = {step: getattr(stage, f"{clock}_at") for step, clock in SETS.items()}
    return {step: moment for step, moment in moments.items() if moment is not None}
