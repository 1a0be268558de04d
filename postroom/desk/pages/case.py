"""A case's page, its letters and its attachments."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from postroom.desk.queries.case_page import CaseOnPage, case_on_page
from postroom.desk.queries.mail import letter_of_case
from postroom.desk.rendering import page
from postroom.desk.rights import Visitor, works_on_cases
from postroom.desk.surroundings import Desk, Surroundings
from postroom.models.case import CaseStatus
from postroom.models.database import open_session
from postroom.models.settings import NO_CATEGORY, NO_EXCLUSION, Settings


@dataclass(frozen=True)
class Answers:
    """What the form of labels shows as chosen; empty where nothing is."""

    type: str = ""
    category: str = ""
    team: str = ""
    exclusion: str = NO_EXCLUSION
    at_risk: bool = False


@dataclass(frozen=True)
class Problem:
    """A move that was refused: which form it came from, at which field, why, and what stood in it."""

    form: str
    field: str
    text: str
    answers: Answers | None = None
    words: str = ""
    status: int = 422


def show_case(request: Request, desk: Desk, visitor: Visitor, reference: str) -> Response:
    """The case with everything around it."""
    return case_response(request, desk, visitor, reference)


def show_letter(request: Request, desk: Desk, reference: str, mail_id: int) -> Response:
    """A letter about the case, as its reader sees it."""
    with open_session(desk.engine, read_only=True) as session:
        mail = letter_of_case(session, mail_id, reference)
    return page(
        request, "mail.html", heading=mail.subject or "A mail without a subject", mail=mail, reference=reference
    )


def case_response(
    request: Request, desk: Surroundings, visitor: Visitor, reference: str, problem: Problem | None = None
) -> Response:
    """The case's page; with `problem` it says what was refused and keeps what was typed."""
    with open_session(desk.engine, read_only=True) as session:
        found = case_on_page(session, reference, visitor, desk.settings)
    return page(
        request,
        "case.html",
        problem.status if problem else 200,
        heading=found.case.reference,
        found=found,
        case=found.case,
        works=works_on_cases(visitor),
        problem=problem,
        answers=(problem.answers if problem else None) or _answers(found, desk.settings),
        choices=_choices(desk.settings),
    )


def _answers(found: CaseOnPage, settings: Settings) -> Answers:
    """What an officer decided, or else what was suggested."""
    case, suggestion = found.case, found.suggestion
    if case.status != CaseStatus.AWAITING:
        return Answers(case.type, case.category or NO_CATEGORY, case.team, case.exclusion or NO_EXCLUSION, case.at_risk)
    if suggestion is None or not suggestion.type:
        return Answers()
    if found.blind:
        return Answers(at_risk=suggestion.at_risk)
    suits = suggestion.category in settings.categories.get(suggestion.type, [])
    none = "" if suggestion.type in settings.categories else NO_CATEGORY
    return Answers(
        suggestion.type,
        suggestion.category if suits else none,
        suggestion.team,
        suggestion.exclusion or NO_EXCLUSION,
        suggestion.at_risk,
    )


def _choices(settings: Settings) -> dict[str, Any]:
    """The closed sets of labels; teams under their services."""
    services: dict[str, list[tuple[str, str]]] = {}
    for id_, team in settings.teams.items():
        services.setdefault(team.service, []).append((id_, team.name))
    return {
        "types": settings.feedback_types,
        "categories": settings.categories,
        "services": services,
        "exclusions": settings.exclusions,
        "no_category": NO_CATEGORY,
    }
