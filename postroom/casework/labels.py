"""The labels of a case, from the closed sets of the configuration."""

from dataclasses import asdict, dataclass

from postroom.models.failures import ImpossibleMove
from postroom.models.settings import NO_CATEGORY, NO_EXCLUSION, Settings


@dataclass(frozen=True)
class Labels:
    """What an officer decided that a message is. `category` is "none" where the type has no categories."""

    type: str
    team: str
    category: str = NO_CATEGORY
    exclusion: str = NO_EXCLUSION
    at_risk: bool = False

    def as_dict(self) -> dict[str, str | bool]:
        return asdict(self)


def check(labels: Labels, settings: Settings) -> None:
    """Raise `ImpossibleMove` where a label is not in the configuration, or the category is not one of the type's."""
    if labels.type not in settings.feedback_types:
        raise ImpossibleMove(f"Choose a feedback type; there is none called {labels.type or 'nothing'}.")
    if labels.team not in settings.teams:
        raise ImpossibleMove(f"Choose a team; there is none called {labels.team or 'nothing'}.")
    if labels.exclusion not in settings.exclusions:
        raise ImpossibleMove(f"Choose an exclusion or none; there is none called {labels.exclusion or 'nothing'}.")
    allowed = settings.categories.get(labels.type, [NO_CATEGORY])
    if labels.category not in allowed:
        raise ImpossibleMove(
            f"Choose a category of the type {labels.type} ({', '.join(allowed)}); got {labels.category or 'nothing'}."
        )
