from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from postroom.models.connection_settings import Secret
from postroom.models.failures import ConfigurationError
from postroom.models.settings import load_settings
from tests.conftest import CONFIG


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes the model council's configuration with one value changed, at a dotted path."""

    def write_changed(place: str, value: Any) -> Path:
        content = yaml.safe_load(CONFIG.read_text())
        table = content
        *parents, last = place.split(".")
        for parent in parents:
            table = table[int(parent)] if isinstance(table, list) else table[parent]
        table[last] = value
        changed = tmp_path / "config.yaml"
        changed.write_text(yaml.safe_dump(content))
        return changed

    return write_changed


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path)
    return caught.value.problems


def test_the_shipped_configuration_is_right() -> None:
    settings = load_settings(CONFIG)
    assert settings.council.name == "Ardenshire County Council"
    assert len(settings.teams) == 28


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        ("council.populaton", 5, "council.populaton: no such setting"),
        ("council.population", "many", "council.population: Input should be a valid integer"),
        ("council.population", 0, "council.population: Input should be greater than 0"),
        ("council.reference_prefix", "ar-", "council.reference_prefix: "),
        ("council.time_zone", "London", "council.time_zone: expected the name of a time zone"),
        ("council.addresses.feedback", "feedback", "council.addresses.feedback: expected an email address"),
        ("council.sealed_services", ["childrens"], "council.sealed_services: expected one of"),
        (
            "teams.libraries.predecessors",
            ["librarys"],
            "teams.libraries.predecessors: expected other teams of the conf",
        ),
        ("teams.libraries.predecessors", ["libraries"], "teams.libraries.predecessors: expected other teams of the"),
        ("teams.childrens-rugby.area", "rugbee", "teams.childrens-rugby.area: expected one of north"),
        ("procedures.corporate.types", ["grumble"], "procedures.corporate.types: expected one of complaint"),
        (
            "procedures.compliment.types",
            ["comment"],
            "procedures: expected one for every service that takes the type comp",
        ),
        ("procedures.request.stages.0.steps.respond.limit", -1, "procedures.request.stages.0.steps.respond.limit: "),
        (
            "procedures.corporate.stages.0.steps",
            {"respond": {"limit": 10, "starts": "acknowledged"}},
            "procedures.corporate.stages.0.steps.respond.starts: expected a clock that is set before it "
            "(received, confirmed); got acknowledged, which is never set",
        ),
        (
            "procedures.corporate.stages.0.steps.respond.starts",
            "requested",
            "procedures.corporate.stages.0.steps.respond.starts: expected a clock that is set before it",
        ),
        (
            "procedures.corporate.stages.1.steps.respond.starts",
            "received",
            "procedures.corporate.stages.1.steps.respond.starts: expected a clock that is set before it",
        ),
        (
            "procedures.statutory-children.stages.2.steps.panel_reports.starts",
            "responded",
            "procedures.statutory-children.stages.2.steps.panel_reports.starts: expected a clock that is set before it",
        ),
        (
            "procedures.corporate.stages.1.window",
            {"limit": 20},
            "procedures.corporate.stages.1.window: expected a next stage",
        ),
        (
            "procedures.corporate.stages.0.window",
            None,
            "procedures.corporate.stages.0.window: expected how long the next stage can be asked for",
        ),
        (
            "procedures.corporate.stages.0.window.starts",
            "adjudicated",
            "procedures.corporate.stages.0.window.starts: expected a clock that a step of the stage sets",
        ),
        (
            "procedures.corporate.stages.0.steps.respond.extension.cap",
            9,
            "procedures.corporate.stages.0.steps.respond: expected extension.cap of at least the limit 10; got 9",
        ),
        (
            "procedures.corporate.stages.0.somebody_else",
            True,
            "procedures.corporate.stages.0.somebody_else: expected a stage before it",
        ),
        (
            "procedures.compliment.stages.0.answered_by",
            ["manager"],
            "procedures.compliment.stages.0.answered_by: expected a step respond or adjudicate, which it is about",
        ),
        (
            "procedures.statutory-children.stages.1.steps.panel_meets",
            {"limit": 30, "starts": "requested"},
            "procedures.statutory-children.stages.1.steps.panel_meets: expected a step respond after it",
        ),
        ("closing.withdrawn", "gone", "closing.withdrawn: expected one of the outcomes; got gone"),
        (
            "procedures.corporate.stages.1.id",
            "stage-1",
            "procedures.corporate.stages.1.id: expected each id once; stage-1 stands twice",
        ),
        (
            "procedures.corporate.stages.0.steps.respond.other_limits",
            [{"limit": 25, "categories": ["commisioned"]}],
            "procedures.corporate.stages.0.steps.respond.other_limits.0.categories: expected one of",
        ),
        (
            "procedures.corporate.stages.0.steps.respond.other_limits",
            [{"limit": 25}],
            "procedures.corporate.stages.0.steps.respond.other_limits.0: expected services, teams or categories",
        ),
        ("closing.asks.grumble", ["outcome"], "closing.asks.grumble: expected one of complaint"),
        ("closing.remedies", [], "closing.asks.complaint: expected answers to choose from for remedy"),
        ("closing.causes.staff", ["policy"], "closing.causes: expected each cause under one theme; policy"),
        ("exclusions", ["other_organisation"], "exclusions: expected none to be among them"),
        ("desk.port", 70000, "desk.port: Input should be less than or equal to 65535"),
        ("reminders.send_until", "08:00", "reminders: send_until must be later than send_at"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_was_expected(
    write: Callable[..., Path], place: str, value: object, expected: str
) -> None:
    path = write(place, value)
    assert any(problem.startswith(f"{path}: {expected}") for problem in problems(path)), problems(path)


def test_a_team_that_was_taken_over_has_a_last_day_and_it_comes_after_its_first(write: Callable[..., Path]) -> None:
    found = problems(write("teams.libraries.predecessors", ["highways"]))
    assert any("teams.highways.until_on: expected its last day, for libraries takes over" in each for each in found)
    days = {"name": "Old", "service": "communities", "about": "x", "from_on": "2026-04-01", "until_on": "2026-03-31"}
    found = problems(write("teams.old", days))
    assert any("teams.old.until_on: expected a day from 2026-04-01 on; got 2026-03-31" in each for each in found)


def test_what_a_team_did_goes_to_the_one_that_took_over_its_work(write: Callable[..., Path]) -> None:
    old = {"name": "Old", "service": "communities", "about": "x", "until_on": "2026-03-31"}
    new = {"name": "New", "service": "communities", "about": "x", "from_on": "2026-04-01", "predecessors": ["old"]}
    teams = yaml.safe_load(CONFIG.read_text())["teams"]
    settings = load_settings(write("teams", {**teams, "old": old, "new": new}))
    last, first = date(2026, 3, 31), date(2026, 4, 1)

    assert [settings.team_on("old", day) for day in (last, first)] == ["old", "new"]
    assert "old" in settings.teams_on(last)
    assert "old" not in settings.teams_on(first)
    assert settings.team_on("new", last) == "", "it is not there yet, and took over from nobody who asks"
    assert settings.team_on("nobody", first) == ""


def test_two_mailboxes_of_one_name_are_refused(write: Callable[..., Path]) -> None:
    mailbox = {"name": "one", "host": "h", "user": "u", "password": {"env": "P"}}
    assert "one stands twice" in problems(write("intake.mailboxes", [mailbox, mailbox]))[0]


def test_a_password_in_the_configuration_is_refused_and_not_repeated(write: Callable[..., Path]) -> None:
    mailbox = {"name": "one", "host": "h", "user": "u", "password": "hunter22"}
    found = problems(write("intake.mailboxes", [mailbox]))
    assert "intake.mailboxes.0.password" in found[0]
    assert "hunter22" not in "".join(found)


@pytest.mark.parametrize(
    ("content", "expected"),
    [("[", "not YAML"), ("- a", "expected a table"), ("", "expected a table")],
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, content: str, expected: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(content)
    assert expected in problems(path)[0]


def test_a_missing_file_says_how_to_name_another(tmp_path: Path) -> None:
    assert "--config" in problems(tmp_path / "nowhere.yaml")[0]


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTROOM_DESK__PORT", "8123")
    settings = load_settings(CONFIG)
    assert (settings.desk.port, settings.desk.host) == (8123, "127.0.0.1")


def test_an_sqlite_path_is_seen_from_the_configurations_folder() -> None:
    assert load_settings(CONFIG).database_url == f"sqlite:///{CONFIG.parent / 'data/postroom.db'}"


def test_a_secret_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("A_SECRET", "from the environment")
    assert Secret(file=tmp_path / "secret").read() == "from a file"
    assert Secret(env="A_SECRET").read() == "from the environment"


def test_a_missing_secret_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="NOT_SET"):
        Secret(env="NOT_SET").read()
    with pytest.raises(ConfigurationError, match="missing"):
        Secret(file=tmp_path / "missing").read()
