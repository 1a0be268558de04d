"""What of a suggestion an officer finds chosen, offered, or left to them."""

from datetime import datetime

from tests.desk.conftest import Visitor
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

DOUBTFUL = {
    **HIGHWAYS_REQUEST,
    "team_probability": 0.5,
    "alternatives": {"team": [["highways", 0.5], ["traffic-parking", 0.3], ["countryside", 0.1]]},
    "answers": {"type": "preselected", "category": "open", "team": "offered", "exclusion": "open"},
}
FOREIGN = {"type": "", "evidence": [{"text": "seems not to be written in English", "supports": "language"}]}


def _chosen(visitor: Visitor, reference: str, name: str) -> str:
    page = visitor.page(f"/cases/{reference}")
    [select] = [each for each in page.tree.iter("select") if each.get("name") == name]
    options = list(select.iter("option"))
    return next((each for each in options if each.get("selected") is not None), options[0]).get("value", "")


def test_what_is_nearly_always_right_is_chosen_and_the_rest_is_not(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, DOUBTFUL)
    chosen = {name: _chosen(alice, reference, name) for name in ("type", "category", "team", "exclusion")}
    assert chosen == {"type": "service_request", "category": "", "team": "", "exclusion": ""}


def test_likely_labels_are_offered_and_where_none_is_the_officer_decides(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    words = alice.page(f"/cases/{mailroom.case(now, DOUBTFUL)}").text
    assert "You choose. Likely: Highways 50%, Traffic and Parking 30%" in words
    assert "You choose: nothing is likely enough" in words
    assert "Very sure, 97%" in words


def test_a_type_that_is_not_chosen_counts_as_unsure_in_the_queue(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    sure = mailroom.case(now, HIGHWAYS_REQUEST)
    unsure = mailroom.case(now, {**HIGHWAYS_REQUEST, "answers": {"type": "offered"}})
    words = alice.page("/?unsure=yes").text
    assert unsure in words
    assert sure not in words


def test_a_message_in_another_language_says_why_it_has_no_suggestion(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    words = alice.page(f"/cases/{mailroom.case(now, FOREIGN)}").text
    assert "It seems not to be in English, so there is no suggestion." in words
    assert "Words that spoke for it" not in words
