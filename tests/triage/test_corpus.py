import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from postroom.models.failures import ConfigurationError
from postroom.models.settings import Settings
from postroom.triage.corpus import Example, Labels, Text, digest, problems_of, read, read_labelled, seed

ROW: dict[str, Any] = {
    "id": "x-1",
    "writer": "ann",
    "theme": "pothole",
    "channel": "email",
    "from_name": "Ann",
    "from_email": "ann@post.example",
    "to": "feedback@ardenshire.example",
    "subject": "Pothole",
    "body": "There is a pothole.",
    "type": "service_request",
    "category": "fix_problem",
    "team": "highways",
    "exclusion": "none",
    "at_risk": False,
}


def _file(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
    return path


def test_a_row_becomes_an_example(tmp_path: Path) -> None:
    assert read(_file(tmp_path, ROW, "")) == [
        Example(
            "x-1",
            Text("email", "Ann", "ann@post.example", "feedback@ardenshire.example", "Pothole", "There is a pothole."),
            Labels("service_request", "fix_problem", "highways", "none", at_risk=False),
            "ann",
            "pothole",
            source="rows",
        )
    ]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{not json", "line 2: "),
        ({**ROW, "at_risk": "no"}, "line 2: at_risk: "),
        ({**ROW, "team": None}, "line 2: team: "),
        ({**ROW, "mood": "cross"}, "line 2: mood: "),
        ({key: value for key, value in ROW.items() if key != "body"}, "line 2: body: "),
    ],
)
def test_a_wrong_row_is_told_with_file_and_line(tmp_path: Path, row: Any, told: str) -> None:
    path = _file(tmp_path, ROW, row)
    with pytest.raises(ConfigurationError) as refused:
        read(path)
    assert refused.value.problems[0].startswith(f"{path}: {told}")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        read(tmp_path / "none.jsonl")


def test_anybodys_labelled_messages_need_only_a_body_and_labels(tmp_path: Path, settings: Settings) -> None:
    least = {key: ROW[key] for key in ("body", "type", "category", "team", "exclusion", "at_risk")}
    one, other = read_labelled(_file(tmp_path, least, {**least, "id": 7, "mood": "cross"}), settings)
    assert (one.id, one.text.channel, one.labels.team) == ("line 1", "email", "highways")
    assert other.id == "7"
    assert one.writer != other.writer


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({**ROW, "id": "x-2", "team": "bins"}, "line 2: team: expected one of"),
        ({**ROW, "id": "x-2", "type": "enquiry"}, "line 2: category: expected one of none"),
        (ROW, "line 2: id: x-1 stands twice"),
        ("[]", "line 2: "),
    ],
)
def test_a_wrong_label_is_told_with_file_and_line(tmp_path: Path, settings: Settings, row: Any, told: str) -> None:
    path = _file(tmp_path, ROW, row)
    with pytest.raises(ConfigurationError) as refused:
        read_labelled(path, settings)
    assert refused.value.problems[0].startswith(f"{path}: {told}")


def test_labels_outside_the_closed_sets_are_told(tmp_path: Path, settings: Settings) -> None:
    wrong = {**ROW, "id": "x-2", "type": "enquiry", "team": "bins"}
    [row], [other] = (read(_file(tmp_path, which)) for which in (ROW, wrong))
    problems = problems_of([row, other, row], settings)
    assert [problem.split("expected")[0].strip() for problem in problems] == [
        "x-2: category:",
        "x-2: team:",
        "x-1: this id stands twice",
    ]


def test_the_digest_knows_the_content_and_not_the_order(tmp_path: Path) -> None:
    one, other = read(_file(tmp_path, ROW, {**ROW, "id": "x-2"}))
    assert digest([one, other]) == digest([other, one])
    assert digest([one]) != digest([other])


def test_the_seed_corpus_is_large_and_fits_the_model_council(settings: Settings) -> None:
    examples = seed()
    assert problems_of(examples, settings) == []
    assert len(examples) >= 800


def test_the_seed_corpus_has_every_label(settings: Settings) -> None:
    labels = [example.labels for example in seed()]
    assert {label.type for label in labels} == set(settings.feedback_types)
    assert {label.team for label in labels} == set(settings.teams)
    assert {label.exclusion for label in labels} == set(settings.exclusions)
    assert {label.at_risk for label in labels} == {True, False}
    for type_, categories in settings.categories.items():
        assert {label.category for label in labels if label.type == type_} == set(categories)


def test_no_message_of_more_than_a_few_words_stands_twice_in_the_seed_corpus() -> None:
    bodies = Counter(" ".join(example.text.body.lower().split()) for example in seed())
    assert [body for body, count in bodies.items() if count > 1 and len(body.split()) > 8] == []


def test_the_seed_corpus_names_no_real_address() -> None:
    for example in seed():
        address = example.text.from_email
        assert address == "" or address.endswith(".example"), example.id
