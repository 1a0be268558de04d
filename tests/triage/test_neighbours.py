from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import col, select

from postroom.models.database import open_session
from postroom.models.message import Suggestion
from postroom.models.settings import Settings
from postroom.triage.champion import Champion
from postroom.triage.corpus import Example, Labels, Text
from postroom.triage.neighbours import Neighbour, Neighbours, pooled
from postroom.triage.suggesting import Choice, Risk, Suggested, Suggester
from postroom.triage.worker import process_one, suggest_by
from tests.triage.office import Office

TIP = Labels("enquiry", "none", "waste", "none", at_risk=False)
HOLE = Labels("service_request", "fix_problem", "highways", "none", at_risk=False)


def _example(body: str, labels: Labels = TIP, sender: str = "jo@example.org") -> Example:
    return Example("", Text(from_email=sender, subject="", body=body), labels, "", "")


def _near(engine: Engine, neighbours: Neighbours, body: str) -> list[Neighbour]:
    with open_session(engine, read_only=True) as session:
        neighbours.remember(session)
        return neighbours.of(session, {0: Text(body=body)})[0]


def _suggestion(engine: Engine, message_id: int) -> Suggestion:
    newest = (col(Suggestion.created_at).desc(), col(Suggestion.id).desc())
    with open_session(engine, read_only=True) as session:
        found = session.exec(select(Suggestion).where(Suggestion.message_id == message_id).order_by(*newest)).first()
    assert found is not None
    return found


def test_the_most_similar_confirmed_message_comes_first(
    sqlite: Engine, office: Office, suggester: Suggester, now: datetime
) -> None:
    tip, hole = office.confirm([_example("The tip was shut on Sunday"), _example("A pothole in our road", HOLE)], now)
    found = _near(sqlite, Neighbours(suggester), "Is the tip open on Sunday?")
    assert [each.message_id for each in found] == [tip, hole]
    assert found[0].labels == TIP
    assert 1 > found[0].similarity > found[1].similarity


def test_what_is_confirmed_corrected_or_erased_counts_at_once(
    sqlite: Engine, office: Office, suggester: Suggester, now: datetime
) -> None:
    neighbours = Neighbours(suggester)
    assert _near(sqlite, neighbours, "the tip") == []
    [tip] = office.confirm([_example("The tip was shut")], now)
    assert [each.labels for each in _near(sqlite, neighbours, "the tip")] == [TIP]
    office.decide(tip, HOLE, now + timedelta(hours=1))
    assert [each.labels for each in _near(sqlite, neighbours, "the tip")] == [HOLE]
    office.erase("jo@example.org")
    assert _near(sqlite, neighbours, "the tip") == []


def _suggested(**teams: float) -> Suggested:
    label = max(teams, key=lambda team: teams[team])
    chosen = Choice("enquiry", 1.0, (("enquiry", 1.0),))
    team = Choice(label, teams[label], tuple(teams.items()))
    return Suggested(chosen, chosen, team, chosen, Risk(label=False, probability=0.0), (), "")


def test_near_messages_move_the_team_and_far_ones_hardly(settings: Settings) -> None:
    unsure = _suggested(waste=0.4, libraries=0.6)
    near, far = ([Neighbour(1, similarity, TIP)] for similarity in (0.4, 0.01))
    assert pooled(unsure, near, settings).team.label == "waste"
    assert abs(pooled(unsure, far, settings).team.probability - 0.6) < 0.05
    assert pooled(unsure, [], settings) is unsure
    assert abs(sum(p for _, p in pooled(unsure, near, settings).team.alternatives) - 1) < 0.001


def test_neighbours_can_not_tell_teams_of_one_work_in_two_areas_apart(settings: Settings) -> None:
    labels = replace(TIP, team="childrens-rugby")
    teams = {"childrens-north": 0.5, "childrens-rugby": 0.1, "waste": 0.4}
    found = pooled(_suggested(**teams), [Neighbour(1, 0.5, labels)], settings).team
    assert found.label == "childrens-north"
    assert found.probability > 0.5


def test_the_similar_messages_are_stored_with_the_suggestion(
    sqlite: Engine, office: Office, settings: Settings, suggester: Suggester, now: datetime
) -> None:
    [known] = office.confirm([_example("The tip was shut on Sunday when I came")], now)
    asked = office.message(_example("The tip was shut on Sunday again"), now)
    assert process_one(sqlite, settings, suggester, now, neighbours=Neighbours(suggester))
    [near] = _suggestion(sqlite, asked).neighbours
    assert near["message"] == known
    assert 0.3 < near["similarity"] < 1


def test_what_waits_is_suggested_again_by_a_new_champion_after_what_is_new(
    sqlite: Engine, office: Office, settings: Settings, suggester: Suggester, now: datetime
) -> None:
    waiting, decided = (office.message(_example(f"The tip {n}"), now) for n in range(2))
    for id_ in (waiting, decided):
        office.suggestion(id_, TIP, now, "an older model")
    office.decide(decided, TIP, now)
    new, later = office.message(_example("The tip 3"), now), now + timedelta(hours=2)
    assert process_one(sqlite, settings, suggester, later, champion_since=now + timedelta(hours=1))
    assert _suggestion(sqlite, new).model == suggester.version
    assert _suggestion(sqlite, waiting).model == "an older model"
    assert process_one(sqlite, settings, suggester, later, champion_since=now + timedelta(hours=1))
    assert _suggestion(sqlite, waiting).model == suggester.version
    assert _suggestion(sqlite, decided).model == "an older model"
    assert not process_one(sqlite, settings, suggester, later, champion_since=now + timedelta(hours=1))


def test_a_champion_that_comes_back_suggests_again_too(
    sqlite: Engine, office: Office, settings: Settings, suggester: Suggester, now: datetime
) -> None:
    waiting = office.message(_example("The tip"), now)
    assert process_one(sqlite, settings, suggester, now)
    office.suggestion(waiting, HOLE, now + timedelta(hours=1), "the model in between")
    back = now + timedelta(hours=2)
    assert process_one(sqlite, settings, suggester, back, champion_since=back)
    assert _suggestion(sqlite, waiting).model == suggester.version
    assert not process_one(sqlite, settings, suggester, back, champion_since=back)


def test_the_worker_suggests_by_the_champion(
    sqlite: Engine, office: Office, learning_council: Settings, now: datetime
) -> None:
    champion = Champion(sqlite, learning_council)
    waiting = office.message(_example("The tip"), now)
    assert suggest_by(champion, sqlite, learning_council, now)
    assert _suggestion(sqlite, waiting).model == champion.current().suggester.version
