from dataclasses import replace

import pytest

from postroom.models.settings import Settings
from postroom.notifications.owed import (
    AlertOwed,
    CaseFacts,
    LetterOwed,
    NothingOwed,
    RiskFacts,
    alert_owed,
    letter_owed,
)

COMPLAINT = CaseFacts(
    case_id=7,
    open=True,
    acknowledged=False,
    procedure="corporate",
    stage="Stage 1",
    exclusion="none",
    sender_email="Pat@home.example",
    may_answer=True,
)


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
    assert owed == LetterOwed(7, "Stage 1", letter, "pat@home.example")


def test_a_case_with_an_exclusion_owes_the_letter_that_says_where_to_go(settings: Settings) -> None:
    owed = letter_owed(replace(COMPLAINT, exclusion="data_protection"), settings)
    assert isinstance(owed, LetterOwed)
    assert (owed.letter, owed.once) == ("signpost", "letter:7:Stage 1:signpost")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(COMPLAINT, open=False), "confirmed"),
        (replace(COMPLAINT, acknowledged=True), "already"),
        (replace(COMPLAINT, may_answer=False, why_not="it came from a mailing list"), "mailing list"),
        (replace(COMPLAINT, sender_email=""), "no email address"),
        (replace(COMPLAINT, sender_email="pat@home.example\r\nBcc: everybody@home.example"), "can't be sent"),
        (replace(COMPLAINT, sender_email="pat@home.example,sam@home.example"), "can't be sent"),
        (replace(COMPLAINT, procedure="abolished"), "abolished"),
    ],
)
def test_nothing_is_owed_and_the_reason_says_why(settings: Settings, facts: CaseFacts, reason: str) -> None:
    owed = letter_owed(facts, settings)
    assert isinstance(owed, NothingOwed)
    assert reason in owed.reason


@pytest.mark.parametrize("facts", [RiskFacts(7, suggested=True, confirmed=False), RiskFacts(7, False, True)])
def test_a_suggestion_or_a_fact_of_risk_owes_the_duty_officer_an_alert(settings: Settings, facts: RiskFacts) -> None:
    owed = alert_owed(facts, settings)
    assert owed == AlertOwed(7, "duty@ardenshire.example")
    assert owed.once == "alert:7"


def test_no_risk_owes_no_alert(settings: Settings) -> None:
    assert isinstance(alert_owed(RiskFacts(7, suggested=False, confirmed=False), settings), NothingOwed)
