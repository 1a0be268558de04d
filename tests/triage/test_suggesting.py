import re
from dataclasses import replace
from math import isclose

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from postroom.models.message import Answer
from postroom.models.settings import Settings
from postroom.triage.corpus import Example
from postroom.triage.features import Reader
from postroom.triage.model import NO_TRUST, TriageModel, softmax
from postroom.triage.suggesting import Choice, Suggested, Suggester, Text

HANDLING = [
    (
        "The drain outside 9 Elm Row is blocked and the water is over the pavement. It is a disgrace.",
        "I reported the blocked drain outside 9 Elm Row in April and in May. Nobody has come, it is still blocked.",
    ),
    (
        "I want to complain. The street lamp by the chip shop has gone out. Totally unacceptable!",
        "You promised on the 3rd that the street lamp by the chip shop would be mended in ten days. It is still out.",
    ),
    (
        "Please could somebody assess my father, who cannot manage the stairs any more.",
        "I asked in January for my father to be assessed. I have rung four times since and heard nothing.",
    ),
    (
        "The school taxi did not turn up this morning, can you sort it for tomorrow please",
        "The school taxi has not turned up for the third week running. I told your team on Monday and had no reply.",
    ),
    (
        "My bus pass has not come with the right name on it, please send another one.",
        "My bus pass still has the wrong name. I wrote in June and July, was told it would be put right. It was not.",
    ),
]


def _check(found: Suggested, settings: Settings) -> None:
    targets = {
        "type": settings.feedback_types,
        "category": settings.categories.get(found.type.label, ["none"]),
        "team": list(settings.teams),
        "exclusion": settings.exclusions,
    }
    for target, labels in targets.items():
        choice: Choice = getattr(found, target)
        probabilities = [probability for _, probability in choice.alternatives]
        assert sorted(label for label, _ in choice.alternatives) == sorted(labels)
        assert choice.alternatives[0] == (choice.label, choice.probability)
        assert probabilities == sorted(probabilities, reverse=True)
        assert isclose(sum(probabilities), 1, abs_tol=0.01)
    assert 0 <= found.at_risk.probability <= 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        " \n\n ",
        "ok",
        "> you wrote this\n> and this",
        "街灯坏了，请修理",
        "Dzień dobry, proszę o naprawę lampy",
        "?!(" * 5_000,
        "told you ago " * 20_000,
        "x" * 1_000_000,
        "\x00\ud7ff\u202e",
    ],
)
def test_any_text_gets_labels_of_the_closed_sets(suggester: Suggester, council: Settings, body: str) -> None:
    found = suggester.suggest(Text(body=body))
    _check(found, council)
    assert all(len(evidence.text) < 200 for evidence in found.evidence)


@hypothesis_settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_suggester(suggester: Suggester, council: Settings, body: str) -> None:
    _check(suggester.suggest(Text(body=body)), council)


@pytest.mark.parametrize(("first", "ignored"), HANDLING)
def test_a_report_that_was_ignored_is_likelier_a_complaint_than_a_first_one(
    shipped: Suggester, first: str, ignored: str
) -> None:
    one, other = shipped.suggest_many([Text(body=first), Text(body=ignored)])
    assert one.type.label == "service_request"
    assert other.type.label == "complaint"


def test_angry_words_alone_do_not_make_a_complaint(shipped: Suggester) -> None:
    angry = " I am furious. This is a disgrace, it is unacceptable and I wish to make a formal complaint."
    for first, ignored in HANDLING:
        found, failed = shipped.suggest_many([Text(body=first + angry), Text(body=ignored)])
        assert dict(found.type.alternatives)["complaint"] < dict(failed.type.alternatives)["complaint"]


@pytest.mark.parametrize("type_", ["enquiry", "complaint", "compliment", "service_request"])
def test_only_a_type_with_categories_gets_one(
    suggester: Suggester, examples: list[Example], council: Settings, type_: str
) -> None:
    found = next(s for s in map(suggester.suggest, (e.text for e in examples)) if s.type.label == type_)
    if type_ in council.categories:
        assert found.category.label in council.categories[type_]
    else:
        assert replace(found.category, trust=NO_TRUST) == Choice("none", 1.0, (("none", 1.0),))


@pytest.mark.parametrize(
    ("place", "team"),
    [("Hillmorton", "childrens-rugby"), ("Kenilworth", "childrens-warwick"), ("Atherstone", "childrens-north")],
)
def test_the_place_decides_among_area_teams(suggester: Suggester, place: str, team: str) -> None:
    body = f"Our social worker at the {place} office never told us about the new contact times for my children."
    found = suggester.suggest(Text(body=body))
    assert found.team.label == team
    assert f"place: '{place}'" in [evidence.text for evidence in found.evidence if evidence.supports == team]


def test_a_council_with_other_teams_never_sees_those_of_the_model(model: TriageModel, council: Settings) -> None:
    teams = {id_: team for id_, team in council.teams.items() if id_ in ("libraries", "waste")}
    types = ["complaint", "enquiry"]
    smaller = council.model_copy(update={"teams": teams, "feedback_types": types, "categories": {"enquiry": ["new"]}})
    found = Suggester(model, smaller).suggest(Text(body="When does the library in Rugby open?"))
    _check(found, smaller)
    assert (found.type.label, found.category.label, found.team.label) == ("enquiry", "new", "libraries")


@pytest.mark.parametrize("target", ["type", "team"])
def test_evidence_is_in_the_message_and_taking_it_out_makes_the_label_less_likely(
    suggester: Suggester, examples: list[Example], target: str
) -> None:
    lower: list[bool] = []
    for example in examples[:150]:
        message = Text(body=example.text.body.replace("’", "'"))
        found = suggester.suggest(message)
        choice: Choice = getattr(found, target)
        quoted = [_words_of(e.text) for e in found.evidence if e.supports == choice.label]
        if not quoted or choice.probability < 0.5:
            continue
        without = re.sub("|".join(re.escape(words).replace(r"\ ", r"\s+") for words in quoted), " ", message.body)
        assert without != message.body
        after = dict(getattr(suggester.suggest(Text(body=without)), target).alternatives)[choice.label]
        assert after <= choice.probability + 0.005, (example.id, quoted)
        lower.append(after < choice.probability)
    assert len(lower) > 50
    assert sum(lower) >= 0.95 * len(lower)


def test_taking_out_the_words_of_danger_makes_it_less_likely(suggester: Suggester) -> None:
    body = "My neighbour is hitting his little girl, she is covered in bruises. They live at number nine, with a dog."
    found = suggester.suggest(Text(body=body))
    quoted = [_words_of(evidence.text) for evidence in found.evidence if evidence.supports == "at_risk"]
    without = re.sub("|".join(map(re.escape, quoted)), " ", body)
    assert without != body
    assert suggester.suggest(Text(body=without)).at_risk.probability < found.at_risk.probability / 2


def test_a_category_is_chosen_only_where_its_type_is(suggester: Suggester, examples: list[Example]) -> None:
    answers = [(s.type.answer, s.category.answer) for s in suggester.suggest_many([e.text for e in examples[:200]])]
    assert (Answer.PRESELECTED, Answer.PRESELECTED) in answers
    assert {category for type_, category in answers if type_ != Answer.PRESELECTED} <= {Answer.OFFERED, Answer.OPEN}


def _words_of(evidence: str) -> str:
    signal = re.fullmatch(r"[a-z' ]+: '(.*)'", evidence, re.DOTALL)
    return (signal[1] if signal else evidence).removesuffix(" …")


def test_an_earlier_report_is_told_in_words_for_an_officer(suggester: Suggester) -> None:
    found = suggester.suggest(Text(body="I told you about the lamp in March. Nobody has come."))
    texts = [evidence.text for evidence in found.evidence if evidence.supports == "complaint"]
    assert "earlier report: 'told you about the lamp in March'" in texts
    assert "no answer: 'Nobody has come'" in texts


def test_evidence_for_danger_is_given_only_where_there_is_danger(suggester: Suggester) -> None:
    danger, none = suggester.suggest_many(
        [
            Text(
                body="My neighbour is hitting his little girl, I can hear her screaming and she is covered in bruises."
            ),
            Text(body="Thank you for the lovely library books."),
        ]
    )
    assert danger.at_risk.label
    assert not none.at_risk.label
    assert "at_risk" in {evidence.supports for evidence in danger.evidence}
    assert "at_risk" not in {evidence.supports for evidence in none.evidence}


def test_the_json_has_exactly_the_agreed_shape(suggester: Suggester) -> None:
    plain = suggester.suggest(Text(body="When does the tip open on Sunday?")).as_json()
    assert list(plain) == ["type", "category", "team", "exclusion", "at_risk", "evidence", "model"]
    for target in ("type", "category", "team", "exclusion"):
        assert list(plain[target]) == ["label", "probability", "alternatives"]
        assert all(isinstance(label, str) and isinstance(p, float) for label, p in plain[target]["alternatives"])
    assert list(plain["at_risk"]) == ["label", "probability"]
    assert isinstance(plain["at_risk"]["label"], bool)
    assert all(list(evidence) == ["text", "supports"] for evidence in plain["evidence"])
    assert plain["model"] == suggester.version


def test_many_at_once_get_what_each_gets_alone(suggester: Suggester, examples: list[Example]) -> None:
    messages = [Text(body=""), *(example.text for example in examples[:100])]
    assert suggester.suggest_many(messages) == [suggester.suggest(message) for message in messages]


def test_the_probabilities_are_those_of_the_plain_formula(
    model: TriageModel, examples: list[Example], council: Settings
) -> None:
    readings = Reader(council, model.ordinary).read_many([example.text for example in examples[:100]])
    rows = model.vectoriser.transform(readings)
    for name, head in model.heads.items():
        expected = softmax(rows @ head.weights.astype(float) + head.bias)
        found = [model.opinion(model.vectoriser.vector(reading)).probabilities[name] for reading in readings]
        assert np.allclose(found, expected, atol=1e-6)


def test_what_speaks_for_a_label_is_exact_even_where_nothing_speaks_against_it(
    model: TriageModel, examples: list[Example], council: Settings
) -> None:
    head = model.heads["type"]
    sure = replace(model, heads={"type": replace(head, weights=4 * head.weights, bias=4 * head.bias)})
    for reading in Reader(council, model.ordinary).read_many([example.text for example in examples[:50]]):
        vector = sure.vector(reading)
        opinion = sure.opinion(vector)
        probabilities = opinion.probabilities["type"].astype(float)
        label = int(probabilities.argmax())
        weights = 4 * head.weights[vector.columns].astype(float)
        exact = (weights[:, [label]] - weights) @ probabilities
        assert np.allclose(opinion.slopes("type", label), exact, atol=1e-5 * np.abs(exact).max())


def test_the_same_message_gets_the_same_suggestion(suggester: Suggester) -> None:
    message = Text(body="Could you cut the hedge on Elm Row please?")
    assert suggester.suggest(message) == suggester.suggest(message)
