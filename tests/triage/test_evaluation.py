import json
from dataclasses import asdict
from pathlib import Path

import html5lib
import pytest
from rich.console import Console

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings
from postroom.triage.corpus import Example
from postroom.triage.evaluation import Task, run
from postroom.triage.model import TriageModel
from postroom.triage.model_store import save
from postroom.triage.training import store


@pytest.fixture(scope="module")
def trained(model: TriageModel, council: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("model")
    save(model, folder)
    return council.model_copy(update={"triage": council.triage.model_copy(update={"model": folder})})


def _file(path: Path, examples: list[Example]) -> Path:
    rows = [{"id": e.id, **asdict(e.text), **asdict(e.labels)} for e in examples]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_a_file_is_measured_printed_and_stored(trained: Settings, examples: list[Example], tmp_path: Path) -> None:
    console = Console(record=True, width=140)
    run(Task(_file(tmp_path / "rows.jsonl", examples[:40])), trained, tmp_path / "out", console)
    printed = console.export_text()
    assert "service request and complaint told apart" in printed
    stored = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert stored["messages"] == 40
    assert len(stored["targets"]["type"]["coverage"]) == 20
    assert f"{stored['targets']['team']['accuracy']['value']:.3f}" in printed


def test_the_page_is_valid_and_needs_nothing_else(trained: Settings, examples: list[Example], tmp_path: Path) -> None:
    run(Task(_file(tmp_path / "rows.jsonl", examples[:40])), trained, tmp_path, Console(quiet=True))
    content = (tmp_path / "evaluation.html").read_text()
    html5lib.HTMLParser(strict=True).parse(content)
    assert content.count("<svg") == 9
    assert not [word for word in ("http", "src=", "<script", "@import", "url(") if word in content]


def test_agreement_of_two_files(trained: Settings, examples: list[Example], tmp_path: Path) -> None:
    one, other = (_file(tmp_path / name, examples[:10]) for name in ("one.jsonl", "other.jsonl"))
    run(Task(one, against=other), trained, tmp_path, Console(quiet=True))
    stored = json.loads((tmp_path / "evaluation.json").read_text())
    assert stored["targets"]["type"]["agreement"] == 1
    assert "<svg" not in (tmp_path / "evaluation.html").read_text()


@pytest.mark.parametrize(
    "task",
    [Task(), Task(Path("a"), set_aside=True), Task(set_aside=True, each_file=True), Task(curve=True, set_aside=True)],
)
def test_what_to_measure_must_be_clear(council: Settings, tmp_path: Path, task: Task) -> None:
    with pytest.raises(ConfigurationError):
        run(task, council, tmp_path, Console(quiet=True))


def test_who_measures_on_what_was_learned_from_is_warned(
    council: Settings, model: TriageModel, examples: list[Example], tmp_path: Path
) -> None:
    store(model, examples[:3], tmp_path / "model")
    settings = council.model_copy(update={"triage": council.triage.model_copy(update={"model": tmp_path / "model"})})
    console = Console(record=True, width=140)
    run(Task(_file(tmp_path / "rows.jsonl", examples[:10])), settings, tmp_path / "out", console)
    assert "the model learned from 3 of these 10 messages" in console.export_text()
