"""What officers find and answer, drawn from the council's lists."""

from random import Random

from sqlmodel import Session

from postroom.casework.cases import ClosingAnswers, Findings
from postroom.casework.reading import stages_of
from postroom.models.case import Case
from postroom.models.closing_settings import DECLINED, NOT_APPLICABLE
from postroom.models.settings import NO_EXCLUSION, Settings
from postroom.simulation.arrivals import one_of
from postroom.simulation.rates import Rates

UPHELD = ("upheld", "partially_upheld")
NOT_TAKEN_UP = "not_investigated"


def outcome_of(session: Session, case: Case, settings: Settings, rates: Rates, chance: Random) -> str:
    """What a stage makes of a case: at a later one mostly what it was before. Empty for a type without outcomes."""
    known = settings.closing.outcomes.get(case.type, [])
    before = [stage.outcome for stage in stages_of(session, case) if stage.outcome]
    if before and chance.random() >= rates.changed_at_next_stage:
        return before[-1]
    shares = {outcome: share for outcome, share in rates.outcomes.items() if outcome in known}
    return one_of(shares or dict.fromkeys(known or [""], 1.0), chance)


def findings(case: Case, outcome: str, settings: Settings, chance: Random) -> Findings:
    """What was found with that outcome: causes and what was done about them, where closing asks for causes."""
    closing = settings.closing
    if "cause" not in closing.asks.get(case.type, []):
        return Findings(outcome)
    remedies = chance.sample(closing.remedies, chance.randrange(1, 3)) if outcome in UPHELD else ["explanation"]
    return Findings(
        outcome,
        causes=tuple(chance.sample(closing.all_causes, chance.choice((1, 1, 1, 2)))),
        remedies=tuple(each for each in remedies if each in closing.remedies) or (NOT_APPLICABLE,),
        investigation=tuple(chance.sample(closing.investigation_actions, min(2, len(closing.investigation_actions)))),
    )


def closing_answers(session: Session, case: Case, settings: Settings, chance: Random) -> ClosingAnswers:
    """All that closing a case asks for."""
    closing = settings.closing
    if not closing.asks.get(case.type):
        return ClosingAnswers()
    answered = any(stage.outcome for stage in stages_of(session, case))
    known = closing.outcomes.get(case.type, [])
    none = NOT_TAKEN_UP if NOT_TAKEN_UP in known and case.exclusion != NO_EXCLUSION else NOT_APPLICABLE
    return ClosingAnswers(
        Findings() if answered else Findings(none, causes=(NOT_APPLICABLE,), remedies=(NOT_APPLICABLE,)),
        lesson="Say sooner what we do." if chance.random() < 0.3 else NOT_APPLICABLE,
        equalities={q: _said(answers, chance) for q, answers in closing.equalities.items()},
    )


def _said(answers: list[str], chance: Random) -> str:
    """Half of the people leave such questions alone."""
    return chance.choice(answers) if chance.random() < 0.5 else DECLINED
