from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from postroom.models.settings import Settings
from postroom.notifications.owed import (
    AlertOwed,
    CaseFacts,
    LetterOwed,
    NothingOwed,
    Reach,
    RiskFacts,
    Way,
    alert_owed,
    letter_owed,
    receipt_owed,
    way_to,
)

COMPLAINT = CaseFacts(
    case_id=7,
    open=True,
    acknowledged=False,
    procedure="corporate",
    stage="Stage 1",
    exclusion="none",
    reach=Reach("Pat@home.example", may_answer=True),
)


def reached(**changes: Any) -> CaseFacts:
    return replace(COMPLAINT, reach=replace(COMPLAINT.reach, **changes))


@pytest.mark.parametrize(
    ("procedure", "letter"),
    [
        ("corporate", "acknowledge-complaint"),
        ("statutory-children", "acknowledge-complaint-children"),
        ("request", "acknowledge-request"),
        ("member-enquiry", "acknowledge-member-enquiry"),
        ("compliment", "acknowledge-compliment"),
        ("comment", "acknowledge-comment"),
    ],
)
def test_an_open_case_owes_the_acknowledgement_of_its_procedure(
    settings: Settings, procedure: str, letter: str
) -> None:
    owed = letter_owed(replace(COMPLAINT, procedure=procedure), settings)
    assert owed == LetterOwed(7, "Stage 1", letter, Way("pat@home.example"))


def test_a_case_with_an_exclusion_owes_the_letter_that_says_where_to_go(settings: Settings) -> None:
    owed = letter_owed(replace(COMPLAINT, exclusion="data_protection"), settings)
    assert isinstance(owed, LetterOwed)
    assert (owed.letter, owed.once) == ("signpost", "letter:7:Stage 1:signpost")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(COMPLAINT, open=False), "confirmed"),
        (replace(COMPLAINT, acknowledged=True), "already"),
        (reached(may_answer=False, why_not="it came from a mailing list"), "mailing list"),
        (reached(sender_email=""), "no email address"),
        (reached(sender_email="pat@home.example\r\nBcc: everybody@home.example"), "can't be sent"),
        (reached(sender_email="pat@home.example,sam@home.example"), "can't be sent"),
        (replace(COMPLAINT, procedure="abolished"), "abolished"),
    ],
)
def test_nothing_is_owed_and_the_reason_says_why(settings: Settings, facts: CaseFacts, reason: str) -> None:
    owed = letter_owed(facts, settings)
    assert isinstance(owed, NothingOwed)
    assert reason in owed.reason


@pytest.mark.parametrize(
    ("facts", "once"),
    [(RiskFacts(7, message_id=9), "alert:message:9"), (RiskFacts(7, decision_id=3), "alert:7:3")],
)
def test_a_suggestion_or_a_fact_of_risk_owes_the_duty_officer_an_alert(
    settings: Settings, facts: RiskFacts, once: str
) -> None:
    assert alert_owed(facts, settings) == AlertOwed(7, "duty@ardenshire.example", once)


@pytest.mark.parametrize(
    ("reach", "way"),
    [
        (Reach("pat@home.example", True, on_paper=True, postal_address="1 High Street\nAB1 2CD"), True),
        (Reach("", True, postal_address="1 High Street\nAB1 2CD"), True),
        (Reach("pat@home.example", True, postal_address="1 High Street\nAB1 2CD"), False),
        (Reach("pat@home.example", True, on_paper=True), False),
    ],
)
def test_whoever_wants_paper_or_has_no_email_gets_a_letter_by_post_where_their_address_is_known(
    reach: Reach, way: bool
) -> None:
    found = way_to(reach)
    assert isinstance(found, Way)
    assert found.by_post == way


def test_a_receipt_is_owed_on_the_day_itself_and_by_email_alone(settings: Settings, now: datetime) -> None:
    reach = COMPLAINT.reach
    on = settings.model_copy(
        update={"outgoing": settings.outgoing.model_copy(update={"instant_acknowledgement": True})}
    )

    def owed(settings: Settings, later: timedelta = timedelta(), reach: Reach = reach) -> bool:
        way = receipt_owed(reach, received_at=now, acknowledged=False, settings=settings, now=now + later)
        return isinstance(way, Way)

    assert owed(on)
    assert not owed(settings)
    assert not owed(on, timedelta(days=2))
    assert not owed(on, reach=replace(reach, may_answer=False))


def test_no_risk_owes_no_alert(settings: Settings) -> None:
    assert isinstance(alert_owed(RiskFacts(7), settings), NothingOwed)
