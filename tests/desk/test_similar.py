from datetime import datetime

from postroom.casework.labels import Labels
from tests.desk.conftest import Visitor, officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

HOLE = Labels("service_request", "highways", "fix_problem", "none", at_risk=False)
TIP = Labels("enquiry", "waste", "none", "none", at_risk=False)
CHILD = Labels("enquiry", "childrens-nuneaton", "none", "none", at_risk=False)


def test_similar_confirmed_cases_are_shown_to_those_alone_who_may_see_them(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, now: datetime
) -> None:
    hole = mailroom.confirmed(now, HOLE, officer_id("alice"), subject="A hole")
    tip = mailroom.confirmed(now, TIP, officer_id("alice"), subject="The tip")
    child = mailroom.confirmed(now, CHILD, officer_id("alice"), subject="My grandson")
    near = [{"message": 2, "similarity": 0.5}, {"message": 1, "similarity": 0.4}, {"message": 3, "similarity": 0.3}]
    asked = mailroom.case(now, {**HIGHWAYS_REQUEST, "neighbours": near}, email="kim@example.org")
    page = alice.page(f"/cases/{asked}")
    assert "Confirmed before, and similar" in page.text
    assert [link for link in page.links("/cases/AR") if not link.startswith(f"/cases/{asked}")] == [
        f"/cases/{tip}",
        f"/cases/{hole}",
    ]
    assert child not in page.source
    page = charlie.page(f"/cases/{asked}")
    assert hole in page.source
    assert tip not in page.source
    assert child not in page.source


def test_a_sealed_case_is_not_told_of_even_to_its_own_team(mailroom: Mailroom, bob: Visitor, now: datetime) -> None:
    child = mailroom.confirmed(now, CHILD, officer_id("alice"), subject="My grandson")
    suggested = {**HIGHWAYS_REQUEST, "team": "childrens-nuneaton", "neighbours": [{"message": 1, "similarity": 0.5}]}
    asked = mailroom.case(now, suggested, email="kim@example.org")
    page = bob.page(f"/cases/{asked}")
    assert child not in page.source
    assert "My grandson" not in page.source


def test_earlier_cases_of_the_sender_are_shown_and_an_open_request_is_told(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, now: datetime
) -> None:
    hole = mailroom.confirmed(now, HOLE, officer_id("alice"), subject="A hole")
    child = mailroom.confirmed(now, CHILD, officer_id("alice"), subject="My grandson")
    other = mailroom.confirmed(now, HOLE, officer_id("alice"), subject="Another hole", email="kim@example.org")
    asked = mailroom.case(now, HIGHWAYS_REQUEST)
    for page in (alice.page(f"/cases/{asked}"), charlie.page(f"/cases/{asked}")):
        assert "It may belong to A hole AR-2026-000001 same sender, nearly the same words" in page.text
        assert "A service request of theirs is still open" in page.text
        assert hole in page.source
        assert child not in page.source
        assert other not in page.source


def test_who_writes_for_the_first_time_has_no_earlier_cases(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    assert "Earlier from the same" not in alice.page(f"/cases/{mailroom.case(now, HIGHWAYS_REQUEST)}").text
