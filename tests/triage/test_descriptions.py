from postroom.models.settings import Settings, Team
from postroom.triage.corpus import Text
from postroom.triage.model import TriageModel
from postroom.triage.suggesting import Suggester

POOL = Team(name="Leisure Centres", service="communities", about="swimming pools, gyms, lessons and changing rooms")
MESSAGE = Text(subject="Swimming", body="The changing rooms at the swimming pool are filthy and the lessons are full.")


def _council(settings: Settings, **teams: Team) -> Settings:
    return settings.model_copy(update={"teams": {**settings.teams, **teams}})


def test_a_new_team_is_suggested_from_its_description_the_same_day(model: TriageModel, council: Settings) -> None:
    found = Suggester(model, _council(council, leisure=POOL)).suggest(MESSAGE)
    assert found.team.label == "leisure"
    assert abs(sum(probability for _, probability in found.team.alternatives) - 1) < 0.01


def test_a_new_team_takes_nothing_that_others_know_better(model: TriageModel, council: Settings) -> None:
    pothole = Text(subject="Pothole", body="There is a deep pothole on Mill Lane and the street light is out.")
    found = Suggester(model, _council(council, leisure=POOL)).suggest(pothole)
    assert found.team.label == "highways"
    assert dict(found.team.alternatives)["leisure"] < 0.1


def test_a_retired_team_is_never_suggested_and_the_rest_share_its_part(model: TriageModel, council: Settings) -> None:
    teams = {id_: team for id_, team in council.teams.items() if id_ != "highways"}
    pothole = Text(subject="Pothole", body="There is a deep pothole on Mill Lane.")
    found = Suggester(model, council.model_copy(update={"teams": teams})).suggest(pothole)
    assert "highways" not in dict(found.team.alternatives)
    assert abs(sum(probability for _, probability in found.team.alternatives) - 1) < 0.01


def test_a_team_with_another_id_gets_what_the_old_one_got(model: TriageModel, council: Settings) -> None:
    teams = {"roads" if id_ == "highways" else id_: team for id_, team in council.teams.items()}
    pothole = Text(subject="Pothole", body="There is a deep pothole on the pavement and the street light is out.")
    found = Suggester(model, council.model_copy(update={"teams": teams})).suggest(pothole)
    assert found.team.label == "roads"


def test_labels_of_another_council_are_not_suggested(model: TriageModel, council: Settings) -> None:
    fewer = council.model_copy(update={"feedback_types": ["complaint", "enquiry"], "exclusions": ["none"]})
    found = Suggester(model, fewer).suggest(Text(body="Thank you so much, your staff were wonderful."))
    assert {label for label, _ in found.type.alternatives} == {"complaint", "enquiry"}
    assert found.exclusion.alternatives == (("none", 1.0),)


def test_a_category_that_the_model_has_not_met_is_offered_last(model: TriageModel, council: Settings) -> None:
    categories = {**council.categories, "complaint": [*council.categories["complaint"], "climate"]}
    found = Suggester(model, council.model_copy(update={"categories": categories})).suggest(
        Text(body="I complained in March, nobody has come and nobody answers. This is a formal complaint.")
    )
    assert found.type.label == "complaint"
    assert found.category.alternatives[-1] == ("climate", 0.0)
