"""What officers do to cases at the desk."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from postroom.casework.labels import Labels
from postroom.models.case import Case, CaseStatus, Decision
from postroom.models.database import open_session
from tests.desk.conftest import Clock, Visitor, officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, CLOSING, HIGHWAYS_REQUEST, Mailroom

COMPLAINT = Labels("complaint", "highways", "service_standards")
AS_SUGGESTED = {
    "type": "service_request",
    "category": "fix_problem",
    "team": "highways",
    "exclusion": "none",
    "version": "1",
}


def the_case(mailroom: Mailroom, reference: str) -> Case:
    with open_session(mailroom.engine) as session:
        return session.exec(select(Case).where(Case.reference == reference)).one()


def test_confirming_keeps_the_decision_and_goes_on_to_the_next(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    first = mailroom.case(now - timedelta(hours=2), HIGHWAYS_REQUEST)
    second = mailroom.case(now - timedelta(hours=1), HIGHWAYS_REQUEST)

    following = alice.post(f"/cases/{first}/labels", **AS_SUGGESTED, then="next")

    assert following.h1 == second
    assert f"{first} is confirmed." in following.text
    case = the_case(mailroom, first)
    assert (case.status, case.type, case.category, case.team) == (
        CaseStatus.OPEN,
        "service_request",
        "fix_problem",
        "highways",
    )
    with open_session(mailroom.engine) as session:
        decision = session.exec(select(Decision)).one()
    assert (decision.officer_id, decision.suggestion_id, decision.decided_at) == (officer_id("alice"), 1, now)


def test_after_the_last_one_the_queue_is_empty(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)

    page = alice.post(f"/cases/{reference}/labels", **AS_SUGGESTED, then="next")

    assert page.h1 == "Awaiting confirmation"
    assert "Nothing awaits confirmation" in page.text


def test_an_officer_may_stay_on_the_case(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)

    page = alice.post(f"/cases/{reference}/labels", **AS_SUGGESTED, then="stay", at_risk="yes")

    assert page.h1 == reference
    assert "At risk" in page.text


def test_a_case_confirmed_for_a_sealed_team_is_out_of_sight_for_whoever_confirmed_it(
    mailroom: Mailroom, alice: Visitor, bob: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, CHILDREN_COMPLAINT)
    answers = {**AS_SUGGESTED, "type": "complaint", "category": "communication", "team": "childrens-nuneaton"}

    page = alice.post(f"/cases/{reference}/labels", **answers, then="stay")

    assert page.h1 == "Awaiting confirmation"
    assert "only its own team can open it" in page.text
    alice.page(f"/cases/{reference}", 404)
    assert bob.page(f"/cases/{reference}").h1 == reference


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"type": ""}, "type", "Choose a feedback type"),
        ({"category": "customer_care"}, "category", "Choose a category of service request"),
        ({"category": ""}, "category", "Choose a category of service request"),
        ({"team": "nobody"}, "team", "Choose a team"),
        ({"exclusion": "invented"}, "exclusion", "Choose an exclusion"),
    ],
)
def test_a_wrong_answer_is_named_and_the_others_are_kept(
    change: dict[str, str], field: str, words: str, mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now)

    page = alice.post(f"/cases/{reference}/labels", 422, **{**AS_SUGGESTED, **change})

    problem = page.tree.xpath("//*[@class='govuk-error-summary__body']//a")[0]
    assert (problem.text, problem.get("href")) == (words, f"#{field}")
    kept = {name: page.value(name) for name in ("type", "team") if name not in change}
    assert kept == {name: AS_SUGGESTED[name] for name in kept}
    assert the_case(mailroom, reference).status == CaseStatus.AWAITING


def test_a_type_without_categories_takes_none_whatever_stood_beside_it(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)

    alice.post(f"/cases/{reference}/labels", **{**AS_SUGGESTED, "type": "comment"}, then="stay")

    assert (the_case(mailroom, reference).type, the_case(mailroom, reference).category) == ("comment", "none")


def test_of_two_officers_the_second_is_shown_what_the_first_did(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    charlie.page(f"/cases/{reference}")
    alice.post(f"/cases/{reference}/labels", **{**AS_SUGGESTED, "category": "provide_service"}, then="stay")

    page = charlie.post(f"/cases/{reference}/labels", 409, **AS_SUGGESTED)

    assert f"Alice changed {reference} today at 10:00: Confirmed as" in page.text
    assert "Service request: provide service" in page.text
    assert the_case(mailroom, reference).category == "provide_service"


def test_a_confirmed_case_can_be_corrected(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.confirmed(now, COMPLAINT, officer_id("alice"))

    page = alice.post(f"/cases/{reference}/correction", **{**AS_SUGGESTED, "version": "2"})

    assert f"{reference} is corrected." in page.text
    assert "at first complaint" in page.text


def test_a_case_is_acknowledged_responded_to_closed_and_reopened(
    mailroom: Mailroom, charlie: Visitor, clock: Clock, now: datetime
) -> None:
    reference = mailroom.confirmed(now, COMPLAINT, officer_id("alice"))
    clock.forward(hours=1)

    page = charlie.post(f"/cases/{reference}/acknowledgement", how="by telephone")
    assert "The acknowledgement is recorded." in page.text
    page = charlie.post(f"/cases/{reference}/response", how="letter of 4 March")
    assert "Charlie Responded letter of 4 March" in page.text
    page = charlie.post(f"/cases/{reference}/closure", 422, reason="gully cleared")
    assert "Choose an outcome" in page.text
    assert page.value("reason") == "gully cleared"
    page = charlie.post(f"/cases/{reference}/closure", reason="gully cleared", **CLOSING)
    assert "Charlie Closed, upheld gully cleared" in page.text
    page = charlie.post(f"/cases/{reference}/reopening", reason="blocked again")
    assert f"{reference} is open again." in page.text

    case = the_case(mailroom, reference)
    assert (case.acknowledged_at, case.responded_at) == (clock.now, clock.now)
    assert case.status == CaseStatus.OPEN


def test_a_move_that_the_state_does_not_allow_is_refused_in_words(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)

    page = alice.post(f"/cases/{reference}/response", 422, how="by letter")

    assert "only an open case is responded to" in page.text
