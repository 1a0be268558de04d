from dataclasses import replace

import pytest

from postroom.models.settings import Settings
from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.features import Reader
from postroom.triage.model import TriageModel
from postroom.triage.services import services, with_own
from postroom.triage.suggesting import Suggester
from postroom.triage.training import train


def _with_words(settings: Settings, team: str, *words: str) -> Settings:
    changed = settings.teams[team].model_copy(update={"words": list(words)})
    return settings.model_copy(update={"teams": {**settings.teams, team: changed}})


def test_each_team_has_words_and_area_teams_share_theirs(council: Settings) -> None:
    found = services(council)
    assert {id_ for id_, team in council.teams.items() if not team.area} < set(found)
    assert not [id_ for id_, team in council.teams.items() if team.area and id_ in found]
    assert "pothole" in found["highways"]
    assert all(phrase == phrase.lower() for phrases in found.values() for phrase in phrases)


def test_a_councils_own_words_are_added_once_in_lower_case(council: Settings) -> None:
    own = _with_words(_with_words(council, "waste", "Dumpit", "tip"), "childrens-rugby", "Family Hive")
    found = with_own({"waste": ("tip",)}, own)
    assert found == {"areas:children-and-families": ("family hive",), "waste": ("tip", "dumpit")}


@pytest.mark.parametrize("text", ["The wobbly lamp is out.", "Two wobbly lamps are out.", "WOBBLY LAMP"])
def test_words_of_a_service_are_signals_of_it(council: Settings, text: str) -> None:
    reading = Reader(council, (), {"highways": ("wobbly lamp",)}).read(Text(body=text))
    assert [signal.text.lower()[:11] for signal in reading.signals if signal.name == "service:highways"] == [
        "wobbly lamp"
    ]


def test_a_message_of_a_known_word_alone_goes_to_the_team_that_it_belongs_to(council: Settings) -> None:
    """No example has the word, nor a piece of it."""
    two = {id_: council.teams[id_] for id_ in ("waste", "libraries")}
    own = _with_words(council.model_copy(update={"teams": two}), "waste", "xylograph")
    labels = Labels("enquiry", "none", "waste", "none", at_risk=False)
    texts = ["when does the tip open", "is the library open", "a book is lost", "the skip is full"]
    teams = ["waste", "libraries", "libraries", "waste"]
    several = [
        Example(f"{n} {team}", Text(body=f"{text} {n}"), replace(labels, team=team), f"w{n}{text}", f"t{n}{text}")
        for n in range(8)
        for text, team in zip(texts, teams, strict=True)
    ]
    suggester = Suggester(train(several, own), own)
    assert suggester.suggest(Text(body="xylograph")).team.label == "waste"


def test_words_that_are_added_after_training_count_at_once(model: TriageModel, council: Settings) -> None:
    message = Text(body="Where can I take a zzyzx?")
    before = dict(Suggester(model, council).suggest(message).team.alternatives)["waste"]
    own = _with_words(council, "waste", "zzyzx")
    assert dict(Suggester(model, own).suggest(message).team.alternatives)["waste"] > before


def test_words_of_a_service_say_nothing_of_the_type(model: TriageModel) -> None:
    for name, head in model.heads.items():
        seen = [head.weights[model.vectoriser.signal_column(f"service:{team}")].any() for team in model.services]
        assert all(seen) == (name == "team")
        assert any(seen) == (name == "team")


def test_kinds_of_danger_are_learned_from_for_that_alone(model: TriageModel) -> None:
    for name in ("farewell", "violence", "unmet", "hazard", "missing_person"):
        column = model.vectoriser.signal_column(name)
        weights = model.heads["at_risk"].weights[column]
        assert weights[1] > weights[0]
        assert not model.heads["type"].weights[column].any()
