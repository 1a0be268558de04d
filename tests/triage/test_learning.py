import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from postroom.models.database import open_session
from postroom.models.failures import ModelRefused, NotFound
from postroom.models.settings import Settings
from postroom.models.trained_model import ModelState, TrainedModel
from postroom.triage import registry
from postroom.triage.champion import Champion
from postroom.triage.corpus import Example
from postroom.triage.learning import Learner, held_out, is_due, learn, roll_back, waits
from postroom.triage.model_store import folder_of
from postroom.triage.suggesting import Suggester
from tests.triage.office import Office

Learn = Callable[[datetime], TrainedModel]


@pytest.fixture
def stream(examples: list[Example], shipped_examples: list[Example]) -> list[Example]:
    """Messages that the shipped model has not learned from."""
    return examples[len(shipped_examples) :]


@pytest.fixture
def learn_now(sqlite: Engine, learning_council: Settings, shipped_examples: list[Example]) -> Learn:
    """Train on what is confirmed by now."""
    return lambda now: learn(sqlite, learning_council, now, shipped=lambda: shipped_examples)


def _models(engine: Engine) -> dict[str, TrainedModel]:
    with open_session(engine, read_only=True) as session:
        return {model.version: model for model in registry.models(session)}


def _trained(confirmed: int, at: datetime) -> TrainedModel:
    return TrainedModel(version="v", since=at, trained_at=at, data="", confirmed=confirmed)


@pytest.mark.parametrize(
    ("confirmed", "last", "due"),
    [
        (24, None, False),
        (25, None, True),
        (60, 25, True),
        (60, 50, False),
        (399, 200, False),
        (400, 200, True),
        (5000, None, True),
    ],
)
def test_training_is_due_at_the_milestones(
    confirmed: int, last: int | None, due: bool, settings: Settings, now: datetime
) -> None:
    before = None if last is None else _trained(last, now - timedelta(days=1))
    assert is_due(confirmed, before, new_ones=True, now=now, zone=settings.council.zone) is due


@pytest.mark.parametrize(
    ("at", "new_ones", "due"),
    [("2026-06-30T23:30", True, False), ("2026-07-01T01:30", True, True), ("2026-07-01T01:30", False, False)],
)
def test_after_the_last_milestone_it_is_due_each_night_where_there_are_new_ones(
    at: str, new_ones: bool, due: bool, settings: Settings
) -> None:
    last = _trained(450, datetime(2026, 6, 30, 1, 30, tzinfo=UTC))
    now = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert is_due(470, last, new_ones=new_ones, now=now, zone=settings.council.zone) is due


def test_the_newest_are_held_out() -> None:
    assert [held_out(confirmed) for confirmed in (3, 25, 50, 400, 5000)] == [3, 8, 10, 80, 100]


def test_a_challenger_takes_over_and_workers_pick_it_up(
    sqlite: Engine, office: Office, learning_council: Settings, stream: list[Example], learn_now: Learn, now: datetime
) -> None:
    champion = Champion(sqlite, learning_council)
    shipped = champion.current().suggester.version
    for number, example in enumerate(stream[:30]):
        office.confirm([example], now + timedelta(minutes=number))
    assert waits(sqlite, learning_council, now)
    trained = learn_now(now + timedelta(days=1))
    assert (trained.state, trained.confirmations, trained.confirmed) == (ModelState.CHAMPION, 22, 30)
    assert trained.last_learned_at == now + timedelta(minutes=21)
    assert trained.comparison["messages"] == 8
    assert set(trained.made_with) >= {"python", "numpy", "scikit-learn"}
    assert (_models(sqlite)[shipped].state, _models(sqlite)[shipped].shipped) == (ModelState.RETIRED, True)
    assert not waits(sqlite, learning_council, now + timedelta(days=1))
    assert champion.current().suggester.version == trained.version
    assert champion.current().since == trained.since


def test_the_same_confirmations_give_the_same_model(
    sqlite: Engine, office: Office, stream: list[Example], learn_now: Learn, now: datetime
) -> None:
    office.confirm(stream[:26], now)
    one, other = learn_now(now), learn_now(now + timedelta(days=1))
    assert (one.version, one.data) == (other.version, other.data)
    assert len(_models(sqlite)) == 2


def test_a_challenger_that_learned_nonsense_is_refused(
    sqlite: Engine, office: Office, stream: list[Example], learn_now: Learn, now: datetime
) -> None:
    """The first 100 were all confirmed as what one of them is, so that what was learned from them misleads."""
    turned = [replace(example, labels=stream[0].labels) for example in stream[:100]]
    office.confirm(turned, now)
    office.confirm(stream[100:125], now + timedelta(days=1))
    refused = learn_now(now + timedelta(days=2))
    assert refused.state == ModelState.REFUSED
    assert "worse than" in refused.reason
    champions = [model.shipped for model in _models(sqlite).values() if model.state == ModelState.CHAMPION]
    assert champions == [True]


def test_one_command_brings_the_model_before_back(
    sqlite: Engine, office: Office, learning_council: Settings, stream: list[Example], learn_now: Learn, now: datetime
) -> None:
    office.confirm(stream[:26], now)
    trained = learn_now(now)
    back = roll_back(sqlite, learning_council, "", now + timedelta(hours=1))
    assert back.shipped
    found = _models(sqlite)
    assert found[trained.version].state == ModelState.REFUSED
    assert Champion(sqlite, learning_council).current().suggester.version == back.version
    again = roll_back(sqlite, learning_council, trained.version, now + timedelta(hours=2))
    assert (again.version, again.state) == (trained.version, ModelState.CHAMPION)
    with pytest.raises(NotFound):
        roll_back(sqlite, learning_council, "no-such-model", now)


def test_a_model_whose_files_are_gone_is_not_rolled_back_to(
    sqlite: Engine, office: Office, learning_council: Settings, stream: list[Example], learn_now: Learn, now: datetime
) -> None:
    office.confirm(stream[:26], now)
    trained = learn_now(now)
    roll_back(sqlite, learning_council, "", now)
    shutil.rmtree(learning_council.triage.models / trained.version)
    with pytest.raises(ModelRefused):
        roll_back(sqlite, learning_council, trained.version, now)
    assert _models(sqlite)[trained.version].state == ModelState.REFUSED


def test_the_shipped_model_suggests_where_the_champion_is_not_what_it_was(
    sqlite: Engine,
    office: Office,
    learning_council: Settings,
    stream: list[Example],
    learn_now: Learn,
    now: datetime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    office.confirm(stream[:26], now)
    trained = learn_now(now)
    (learning_council.triage.models / trained.version / "terms.json").write_text("{}")
    holder = Champion(sqlite, learning_council).current()
    shipped = Suggester.load(folder_of(learning_council), learning_council)
    assert (holder.suggester.version, holder.since) == (shipped.version, None)
    assert "is refused, and the shipped model suggests" in caplog.text


def test_training_where_nobody_has_confirmed_anything_changes_nothing(
    sqlite: Engine, learn_now: Learn, now: datetime
) -> None:
    assert learn_now(now).shipped
    assert [model.state for model in _models(sqlite).values()] == [ModelState.CHAMPION]


def test_training_runs_in_a_process_of_its_own_and_one_that_fails_is_left_for_an_hour(
    sqlite: Engine, office: Office, learning_council: Settings, stream: list[Example], now: datetime
) -> None:
    """Its database is none, so that the process ends at once."""
    office.confirm(stream[:25], now)
    nowhere = learning_council.model_copy(
        update={"database": learning_council.database.model_copy(update={"url": "mysql://nowhere"})}
    )
    times = iter([now, now + timedelta(minutes=59), now + timedelta(minutes=61)])
    learner = Learner(sqlite, nowhere, lambda: next(times))
    assert [learner.step(), learner.step(), learner.step()] == [True, False, True]
    learner.stop()
