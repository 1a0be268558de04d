"""Any letter about a case as it would be sent now, and an officer's draft of one: nothing is written by looking.

To see the letter of a move that is still to be made, make the move, ask for the preview, and roll the session back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session

from postroom.models.case import Case, CaseStatus
from postroom.models.failures import ConfigurationError, ImpossibleMove, Permanent
from postroom.models.message import Message
from postroom.models.officer import Officer
from postroom.models.settings import NO_EXCLUSION, Settings
from postroom.notifications.case_letters import (
    Correspondence,
    correspondence,
    facts_of,
    newest_after,
    receipt_facts,
    template_of,
)
from postroom.notifications.decisions import TOLD, Decision, facts_with, latest
from postroom.notifications.letter_rules import problems
from postroom.notifications.letters import Letter, LetterFacts, render, template_for
from postroom.notifications.owed import SIGNPOST, NothingOwed, Purpose, Way, acknowledgement_of, way_of, way_to
from postroom.notifications.parts import html_part

AUTOMATIC = (Purpose.RECEIPT, Purpose.ACKNOWLEDGEMENT)
"""What no officer writes."""
_NO_DECISION: Mapping[Purpose, str] = {
    Purpose.EXTENSION: "Nothing was put off.",
    Purpose.REFUSAL: "No stage was refused.",
    Purpose.CONSENT: "Nobody's consent is wanted.",
    Purpose.WITHDRAWAL: "It was not withdrawn.",
}


@dataclass(frozen=True)
class Preview:
    """A letter as it would be sent now. `text` is what an officer may edit, with "# " before headings and "- " before
    points; `problems` say to an officer why it can't be sent; `recipient` is an email address or a postal one."""

    subject: str
    text: str
    html: str
    problems: tuple[str, ...] = ()
    recipient: str = ""
    by_post: bool = False


@dataclass(frozen=True)
class Basis:
    """What a letter is made from: its template with the facts of the case put in, whom it answers and reaches, and the
    decision that it tells of."""

    letters: Correspondence
    letter: Letter
    name: str
    facts: LetterFacts
    answers: Message
    way: Way | NothingOwed
    decision: Decision | None = None


def preview(
    session: Session,
    case: Case,
    purpose: Purpose,
    settings: Settings,
    now: datetime,
    *,
    officer_id: int | None = None,
) -> Preview:
    """The letter about a case for a purpose, from its template. `officer_id`: of the officer who would sign it."""
    try:
        basis = basis_of(session, case, purpose, settings, now, officer_id=officer_id)
    except Permanent as error:
        return Preview("", "", "", _lines(error))
    return _shown(purpose, basis, basis.letter.subject, basis.letter.text, settings)


def preview_of_draft(
    session: Session,
    case: Case,
    purpose: Purpose,
    subject: str,
    text: str,
    settings: Settings,
    now: datetime,
    *,
    officer_id: int,
) -> Preview:
    """The same letter as an officer has edited it."""
    try:
        basis = basis_of(session, case, purpose, settings, now, officer_id=officer_id)
    except Permanent as error:
        return Preview(subject, text, html_part(subject, text), _lines(error))
    return _shown(purpose, basis, subject, text, settings)


def basis_of(
    session: Session,
    case: Case,
    purpose: Purpose,
    settings: Settings,
    now: datetime,
    *,
    officer_id: int | None = None,
) -> Basis:
    """What the letter is made from. Raises `ImpossibleMove` where the case has no such letter, `ConfigurationError`
    where its template can't be written."""
    letters = correspondence(session, case)
    answers = newest_after(session, letters.opening)
    reach = letters.reach(answers)
    way = way_to(reach) if purpose in AUTOMATIC else way_of(reach)
    decision = None
    if purpose == Purpose.RECEIPT:
        name, facts = str(purpose), receipt_facts(case, settings)
    else:
        if case.status == CaseStatus.AWAITING:
            raise ImpossibleMove(f"Confirm first what {case.reference} is.")
        name, facts = _of_case(letters, purpose, way, settings, now)
        decision = latest(session, purpose, case)
        if purpose in TOLD and decision is None:
            raise ImpossibleMove(_NO_DECISION[purpose])
        if decision is not None:
            facts = facts_with(session, facts, decision, case, settings)
    if officer_id is not None:
        facts = replace(facts, sent_by=session.get_one(Officer, officer_id).name)
    return Basis(letters, render(settings, name, facts), name, facts, answers, way, decision)


def _of_case(
    letters: Correspondence, purpose: Purpose, way: Way | NothingOwed, settings: Settings, now: datetime
) -> tuple[str, LetterFacts]:
    """The name of the template, and the facts of a confirmed case."""
    case = letters.case
    place = way if isinstance(way, Way) else Way("")
    if purpose != Purpose.ACKNOWLEDGEMENT:
        return template_of(settings, purpose, case), facts_of(letters, settings, place, answered=now)
    facts = facts_of(letters, settings, place, acknowledged=case.acknowledged_at or now)
    if case.exclusion != NO_EXCLUSION:
        return template_for(settings, SIGNPOST, exclusion=case.exclusion), facts
    name = acknowledgement_of(settings, case.procedure, case.stage)
    if not name:
        raise ImpossibleMove("There is nothing to acknowledge at this stage.")
    return name, facts


def _shown(purpose: Purpose, basis: Basis, subject: str, text: str, settings: Settings) -> Preview:
    person = basis.letters.person
    wrong = problems(settings, purpose, basis.letter, basis.facts, text)
    if isinstance(basis.way, NothingOwed):
        wrong.append(basis.way.reason)
    return Preview(
        subject,
        text,
        html_part(subject, text, large_print=person.large_print if person else False),
        tuple(wrong),
        basis.way.recipient if isinstance(basis.way, Way) else "",
        isinstance(basis.way, Way) and basis.way.by_post,
    )


def _lines(error: Permanent) -> tuple[str, ...]:
    return tuple(error.problems) if isinstance(error, ConfigurationError) else (str(error),)
