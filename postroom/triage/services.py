"""What teams do, in the words by which people name it: those that come with Postroom, and each council's own.

They are no rules. A model learns from messages what such a word is worth, and from each word as if it were a short
message to that team: so it knows words that its examples never used.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from postroom.models.settings import Settings
from postroom.triage.model import area_groups
from postroom.triage.signals import LOADER

Services = Mapping[str, tuple[str, ...]]
"""Words and phrases of each team; teams that do the same work in different areas are one."""


def services(settings: Settings) -> Services:
    """The words that come with Postroom, and those that the configuration adds."""
    text = (Path(__file__).parent / "services.yaml").read_text(encoding="utf-8")
    return with_own(LOADER(text).get_single_data(), settings)


def with_own(words: Mapping[str, Iterable[str]], settings: Settings) -> Services:
    """`words` with those that the configuration gives to teams, each once."""
    groups = area_groups(settings)
    found = {team: dict.fromkeys(phrases) for team, phrases in words.items()}
    for id_, team in settings.teams.items():
        if team.words:
            found.setdefault(groups.get(id_, id_), {}).update(dict.fromkeys(word.lower() for word in team.words))
    return {team: tuple(phrases) for team, phrases in sorted(found.items())}
