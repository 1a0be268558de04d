"""The form that says what a message is: its answers, its choices, and what was wrong with them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from postroom.casework.labels import Labels
from postroom.desk.queries.case_page import CaseOnPage
from postroom.desk.rights import Form
from postroom.models.message import Answer
from postroom.models.settings import NO_CATEGORY, NO_EXCLUSION, Settings


@dataclass(frozen=True)
class Answers:
    """What the form of labels shows as chosen; empty where nothing is."""

    type: str = ""
    category: str = ""
    team: str = ""
    exclusion: str = NO_EXCLUSION
    at_risk: bool = False

    @property
    def labels(self) -> Labels:
        return Labels(self.type, self.team, self.category, self.exclusion, self.at_risk)


@dataclass(frozen=True)
class Problem:
    """A move that was refused: which form it came from, at which field, why, and what stood in it."""

    form: str
    field: str
    text: str
    answers: Answers | None = None
    words: str = ""
    status: int = 422


def suggested(found: CaseOnPage, settings: Settings, today: date) -> Answers:
    """What is chosen beforehand for a case that awaits confirmation: of its suggestion what is nearly always right."""
    suggestion = found.suggestion
    if suggestion is None or not suggestion.type:
        return Answers()
    if found.blind:
        return Answers(at_risk=suggestion.at_risk)
    suits = suggestion.category in settings.categories.get(suggestion.type, [])
    none = "" if suggestion.type in settings.categories else NO_CATEGORY
    likeliest = {
        "type": suggestion.type,
        "category": suggestion.category if suits else none,
        "team": settings.team_on(suggestion.team, today),
        "exclusion": suggestion.exclusion or NO_EXCLUSION,
    }
    chosen = {
        target: label if suggestion.answer(target) is Answer.PRESELECTED else "" for target, label in likeliest.items()
    }
    return Answers(**chosen, at_risk=suggestion.at_risk)


def answered(form: Form, settings: Settings) -> Answers:
    """What was chosen. A type without categories has none, whatever stood in the field beside it."""
    type_ = form.get("type", "")
    category = form.get("category", "") if type_ in settings.categories else NO_CATEGORY
    return Answers(type_, category, form.get("team", ""), form.get("exclusion", ""), form.get("at_risk") == "yes")


def choices(settings: Settings, today: date) -> dict[str, Any]:
    """The closed sets of labels; the teams of today under their services."""
    services: dict[str, list[tuple[str, str]]] = {}
    teams = settings.teams_on(today)
    for id_, team in teams.items():
        services.setdefault(team.service, []).append((id_, team.name))
    return {
        "types": settings.feedback_types,
        "categories": settings.categories,
        "services": services,
        "teams": teams,
        "exclusions": settings.exclusions,
        "no_category": NO_CATEGORY,
    }
