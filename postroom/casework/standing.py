"""How a case stands, as far as moves depend on it. What no reason asks for is not read."""

from collections.abc import Mapping

from postroom.casework.papers import Papers, done_in
from postroom.casework.procedures import stage_after
from postroom.models.case import Case, Deadline, DeadlineState
from postroom.models.procedure_settings import Stage
from postroom.models.settings import Settings


class Standing:
    """A case as it stands for an officer of `role`, which is empty for a worker."""

    def __init__(self, papers: Papers, settings: Settings, role: str = "", officer_id: int | None = None) -> None:
        case = papers.case
        procedure = settings.procedures.get(case.procedure)
        following = stage_after(settings, case.procedure, case.stage_number)
        self._papers, self._settings, self._officer_id = papers, settings, officer_id
        self._configured = procedure.stage(case.stage) if procedure else None
        self.role = role
        self.reference, self.status = case.reference, case.status
        self.merged = case.merged_into_id is not None
        self.sealed, self.restricted = case.sealed, case.restricted
        self.next_stage = following.name if following else ""

    @property
    def stage(self) -> str:
        """The name of the stage that it is in."""
        return self._configured.name if self._configured else self._papers.case.stage

    @property
    def steps(self) -> frozenset[str]:
        """The steps of its stage's configuration."""
        return frozenset(self._configured.steps) if self._configured else frozenset()

    @property
    def done(self) -> frozenset[str]:
        """The steps done in its stage."""
        return frozenset(done_in(self._papers.stages[-1])) if self._papers.stages else frozenset()

    @property
    def answer(self) -> str | None:
        """The step that answers its stage."""
        return self._configured.answer if self._configured else None

    @property
    def answered(self) -> bool:
        return self.answer is not None and self.answer in self.done

    @property
    def consent_wanted(self) -> bool:
        return self._papers.consent_wanted is not None

    @property
    def extensible(self) -> Mapping[str, tuple[str, ...]]:
        """The steps that can be put off, with the roles that may (none: all)."""
        stage = self._configured
        if stage is None:
            return {}
        return {
            deadline.step: who_extends(stage, deadline.step)
            for deadline in self._papers.deadlines
            if deadline.state == DeadlineState.OPEN and longer_by(deadline, stage, self._papers.case, self._settings)
        }

    @property
    def elements(self) -> tuple[int, ...]:
        """The numbers of its points."""
        return tuple(element.number for element in self._papers.elements)

    @property
    def unanswered_elements(self) -> tuple[int, ...]:
        return tuple(element.number for element, outcome in self._papers.answers if outcome is None)

    @property
    def at_ombudsman(self) -> bool:
        return self._papers.referral_open is not None

    @property
    def open_actions(self) -> bool:
        return self._papers.has_open_action

    @property
    def sealed_by_team(self) -> bool:
        return self._settings.is_sealed(self._papers.case.team)

    @property
    def answering_roles(self) -> tuple[str, ...]:
        return tuple(self._configured.answered_by) if self._configured else ()

    @property
    def requesting_roles(self) -> tuple[str, ...]:
        window = self._configured.window if self._configured else None
        return tuple(window.decided_by) if window else ()

    @property
    def somebody_else(self) -> bool:
        """That officer answered an earlier stage, and this one must be answered by somebody else."""
        if self._configured is None or not self._configured.somebody_else or self._officer_id is None:
            return False
        return self._officer_id in {earlier.responder_id for earlier in self._papers.stages[:-1]}

    @property
    def date_roles(self) -> tuple[str, ...]:
        """The roles that may correct dates."""
        return tuple(self._settings.casework.dates_corrected_by)


def longer_by(deadline: Deadline, stage: Stage, case: Case, settings: Settings) -> int:
    """How many working days a step may be put off at once now; 0 where it can't."""
    step = stage.steps.get(deadline.step)  # type: ignore[call-overload]
    if step is None or step.extension is None:
        return 0
    service = settings.teams[case.team].service if case.team in settings.teams else ""
    room = step.cap_for(service, case.team, case.category) - deadline.limit_days - deadline.extended_days
    return int(max(0, min(step.extension.by, room)))


def who_extends(stage: Stage, step: str) -> tuple[str, ...]:
    """The roles that may put a step off; none where every role may."""
    configured = stage.steps.get(step)  # type: ignore[call-overload]
    return tuple(configured.extension.agreed_by) if configured and configured.extension else ()
