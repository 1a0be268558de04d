"""What was found of a case, from the configuration's closed lists: outcome, causes, remedies, investigation actions."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from postroom.models.case import Case
from postroom.models.closing_settings import NO_ANSWER
from postroom.models.failures import ImpossibleMove
from postroom.models.outcome import Finding, FindingKind
from postroom.models.settings import Settings


@dataclass(frozen=True)
class Findings:
    """What was found at a stage. The first cause is the primary one. `declined` and `not_applicable` are answers
    everywhere; an empty field says nothing and leaves what was said before."""

    outcome: str = ""
    causes: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    investigation: tuple[str, ...] = ()


NOTHING_FOUND = Findings()


def check_outcome(outcome: str, type_: str, settings: Settings) -> None:
    """Raise `ImpossibleMove` where the configuration gives the type no such outcome."""
    known = settings.closing.outcomes.get(type_, [])
    if outcome not in (*known, *NO_ANSWER):
        raise ImpossibleMove(f"Choose an outcome of the type {type_}: {', '.join(known) or 'it has none'}.")


def check_findings(findings: Findings, type_: str, settings: Settings) -> None:
    """Raise `ImpossibleMove` where something is not in the configuration's lists."""
    if findings.outcome:
        check_outcome(findings.outcome, type_, settings)
    closing = settings.closing
    for what, given, known in (
        ("cause", findings.causes, closing.all_causes),
        ("remedy", findings.remedies, closing.remedies),
        ("investigation action", findings.investigation, closing.investigation_actions),
    ):
        for code in given:
            if code not in (*known, *NO_ANSWER):
                raise ImpossibleMove(f"Choose a {what} from the list; there is none called {code}.")
        if len(given) > 1 and set(given) & set(NO_ANSWER):
            raise ImpossibleMove(f"Choose either a {what} or that there is none.")


def keep_findings(session: Session, case: Case, findings: Findings) -> None:
    """Keep what was found at the stage that a case is in; a kind that is given takes the place of what was there."""
    given = {
        FindingKind.CAUSE: findings.causes,
        FindingKind.REMEDY: findings.remedies,
        FindingKind.INVESTIGATION: findings.investigation,
    }
    kinds = [kind for kind, codes in given.items() if codes]
    if not kinds:
        return
    of_kinds = col(Finding.kind).in_(kinds)
    for old in session.exec(select(Finding).where(Finding.case_id == case.id, Finding.stage == case.stage, of_kinds)):
        session.delete(old)
    session.flush()
    assert case.id is not None
    session.add_all(
        Finding(case_id=case.id, stage=case.stage, kind=kind, code=code, place=place)
        for kind in kinds
        for place, code in enumerate(dict.fromkeys(given[kind]))
    )


def kinds_found(session: Session, case: Case) -> set[str]:
    """The kinds of which something was found, at any stage."""
    return set(session.exec(select(Finding.kind).where(Finding.case_id == case.id).distinct()))


def as_event(findings: Findings) -> dict[str, object]:
    """What an event keeps of findings: the lists' codes alone."""
    named = {
        "outcome": findings.outcome,
        "causes": list(findings.causes),
        "remedies": list(findings.remedies),
        "investigation": list(findings.investigation),
    }
    return {name: value for name, value in named.items() if value}
