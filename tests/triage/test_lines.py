import json
from typing import Any

from postroom.triage.lines import suggest_lines
from postroom.triage.suggesting import Suggester, Text


def _answers(suggester: Suggester, *lines: str | bytes) -> list[dict[str, Any]]:
    return list(suggest_lines(lines, suggester))


def test_a_line_gets_its_id_and_the_suggestion(suggester: Suggester) -> None:
    message = {"channel": "chat", "subject": "Tip", "body": "When does the tip open?"}
    [answer] = _answers(suggester, json.dumps({"id": "a-1", **message}))
    assert answer == {"id": "a-1", **suggester.suggest(Text(**message)).as_json()}
    assert json.loads(json.dumps(answer)) == answer


def test_all_but_the_body_may_be_left_out_and_labels_are_ignored(suggester: Suggester) -> None:
    [plain, labelled] = _answers(suggester, '{"body": "hello"}', '{"id": 7, "body": "hello", "team": "waste"}')
    assert (plain["id"], labelled["id"]) == (1, 7)
    assert plain["type"] == labelled["type"]


def test_a_bad_line_is_told_and_the_rest_go_on(suggester: Suggester) -> None:
    answers = _answers(
        suggester,
        '{"id": "a", "body": "hello"}',
        "{nonsense",
        "",
        '{"id": "b", "subject": "no body"}',
        '{"id": ["c"], "body": "hello"}',
        "[" * 100_000,
        b'{"id": "d", "body": "\xff"}',
        '{"id": "e", "body": "hello"}\n',
    )
    assert [answer["id"] for answer in answers] == ["a", 2, "b", 5, 6, 7, "e"]
    assert ["error" in answer for answer in answers] == [False, True, True, True, True, True, False]
    assert answers[2]["error"] == "body: Field required"
