"""The page of a new message: what it shows, and what can be done there."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework.labels import Labels
from postroom.models.campaign import Campaign, NearCopy
from postroom.models.case import Case, Decision
from postroom.models.database import open_session
from tests.desk.conftest import Clock, Page, Visitor, officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, HIGHWAYS_REQUEST, Mailroom

HIGHWAYS = Labels("service_request", "highways", "fix_problem")
ANSWERS = {"type": "service_request", "category": "fix_problem", "team": "highways", "exclusion": "none"}
PRAISE = {
    **HIGHWAYS_REQUEST,
    "type": "compliment",
    "type_probability": 0.99,
    "category": "customer_care",
    "team": "libraries",
}


def carried(page: Page) -> dict[str, str]:
    """What the form of labels carries besides the answers."""
    return {name: page.value(name) for name in ("version", "suggestion")}


def case(engine: Engine, reference: str) -> Case:
    with open_session(engine) as session:
        return session.exec(select(Case).where(Case.reference == reference)).one()


def test_sureness_and_alternatives_stand_beside_each_answer(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    words = alice.page(f"/cases/{mailroom.case(now, HIGHWAYS_REQUEST)}").text

    assert "Type Very sure, 97%; or complaint 2%" in words
    assert "Team Very sure, 96%; or Traffic and Parking 3%" in words


def test_the_form_comes_before_what_stands_beside_the_message(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    earlier = mailroom.confirmed(now - timedelta(days=1), HIGHWAYS, officer_id("alice"))
    page = alice.page(f"/cases/{mailroom.case(now, HIGHWAYS_REQUEST)}")

    order = [each for each in page.tree.xpath("//main//@id") if each in ("confirm", "near", "beside")]
    assert order == ["confirm", "beside", "near"]
    assert earlier in page.text
    assert page.links("#beside") == ["#beside"], "a phone leads there from above the form"


def test_a_risk_that_is_ticked_though_it_is_unlikely_says_why(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, {**HIGHWAYS_REQUEST, "at_risk": True, "at_risk_probability": 0.05})

    assert "Somebody may be at risk today (ticked to be safe, 5%)" in alice.page(f"/cases/{reference}").text


def test_confirming_goes_on_within_the_filters_that_were_set(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    first = mailroom.case(now - timedelta(hours=2), HIGHWAYS_REQUEST)
    mailroom.case(now - timedelta(hours=1), {**HIGHWAYS_REQUEST, "team": "waste"})
    last = mailroom.case(now, HIGHWAYS_REQUEST)

    page = alice.page(f"/cases/{first}?team=highways")
    assert "1 of 2 in this view" in page.text
    after = alice.post(f"/cases/{first}/labels", **carried(page), **ANSWERS, **{"queue-team": "highways"}, then="next")

    assert after.h1 == last
    assert "team=highways" in str(after.url.query)
    assert f"{first} is confirmed." in after.text


def test_how_long_it_took_is_recorded_and_told(
    mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime, clock: Clock
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    page = alice.page(f"/cases/{reference}")
    clock.forward(seconds=14)
    after = alice.post(f"/cases/{reference}/labels", **carried(page), **ANSWERS)

    with open_session(sqlite) as session:
        decision = session.exec(select(Decision)).one()
    assert decision.shown_at == now
    assert "within 14 seconds of being opened; yours within 14 seconds" in after.text


def test_a_confirmation_is_undone(mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    after = alice.post(f"/cases/{reference}/labels", **carried(alice.page(f"/cases/{reference}")), **ANSWERS)
    assert after.value("reference") == reference

    undone = alice.post("/undo", reference=reference)
    assert undone.h1 == reference
    assert f"Undone: {reference} awaits confirmation again." in undone.text
    assert case(sqlite, reference).status == "awaiting"
    assert "can't be undone" in alice.post("/undo", 422, reference=reference).text


def test_what_went_out_of_sight_by_a_slip_is_undone_too(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    slip = {**ANSWERS, "type": "complaint", "category": "communication", "team": "childrens-nuneaton"}
    alice.post(f"/cases/{reference}/labels", **carried(alice.page(f"/cases/{reference}")), **slip)
    alice.page(f"/cases/{reference}", 404)

    charlie.post("/undo", 422, reference=reference)
    assert alice.post("/undo", reference=reference).h1 == reference


def test_somebody_else_who_has_it_open_is_named(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, now: datetime, clock: Clock
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    assert "open too" not in charlie.page(f"/cases/{reference}").text

    assert "Charlie has this open too, since today at 10:00" in alice.page(f"/cases/{reference}").text
    assert "Charlie has it open" in alice.page("/").text
    presence = f"/cases/{reference}/presence"
    answer = alice.client.post(presence, data={"csrf_token": alice.token()}).json()
    assert answer["others"] == ["Charlie"]
    charlie.client.post(presence, data={"csrf_token": charlie.token(), "left": "yes"})
    assert "Charlie" not in alice.page("/").text
    charlie.page(f"/cases/{reference}")
    clock.forward(minutes=4)
    assert "Charlie" not in alice.page(f"/cases/{reference}").text


def test_the_letter_is_shown_before_it_goes_out(
    mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    page = alice.page(f"/cases/{reference}")
    answers = {**ANSWERS, "exclusion": "court_proceedings"}
    shown = alice.post(f"/cases/{reference}/labels", **carried(page), **answers, then="preview")

    assert "To jo@example.org once you confirm. Nothing is sent yet." in shown.text
    assert "before a court" in shown.text
    assert shown.value("exclusion") == "court_proceedings"
    assert case(sqlite, reference).status == "awaiting"


def test_no_feedback_is_set_aside_and_can_come_back(
    mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime
) -> None:
    reference, other = mailroom.case(now, HIGHWAYS_REQUEST), mailroom.case(now)
    assert "Choose why" in alice.post(f"/cases/{reference}/aside", 422, why="").text

    after = alice.post(f"/cases/{reference}/aside", why="spam")
    assert after.h1 == other
    assert f"{reference} is set aside as no feedback." in after.text
    assert case(sqlite, reference).status == "closed"
    assert alice.post("/undo", reference=reference).h1 == reference


def test_a_message_about_two_things_is_split(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST, subject="Two things")
    after = alice.post(f"/cases/{reference}/split", words="And the library was shut.")

    assert after.h1 == reference
    assert "The second matter is the new case AR-2026-000002" in after.text
    assert "And the library was shut." in alice.page("/cases/AR-2026-000002").text


def test_the_case_that_it_belongs_to_is_proposed(
    mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime
) -> None:
    named = mailroom.confirmed(now - timedelta(days=9), HIGHWAYS, officer_id("alice"), subject="A hole", text="Deep.")
    again = mailroom.case(
        now, HIGHWAYS_REQUEST, email="kim@example.org", text=f"About {named}: it is deeper now.", subject="More"
    )
    page = alice.page(f"/cases/{again}")
    assert f"A hole {named} the message names it" in page.text

    after = alice.post(f"/cases/{again}/joining", reference=named)
    assert f"{again} is part of the other case now." in after.text
    assert case(sqlite, again).merged_into_id == mailroom.case_id(named)


def test_a_sealed_case_is_not_proposed_and_nobody_joins_what_they_may_not_see(
    mailroom: Mailroom, charlie: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(
        now, Labels("complaint", "childrens-nuneaton", "communication"), officer_id("alice"), subject="My grandson"
    )
    asked = mailroom.case(now, HIGHWAYS_REQUEST, text=f"About {sealed}.")

    assert "My grandson" not in charlie.page(f"/cases/{asked}").source
    assert "that you may see" in charlie.post(f"/cases/{asked}/joining", 422, reference=sealed).text


def test_an_administrator_looks_and_decides_nothing(mailroom: Mailroom, dora: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)

    assert dora.page(f"/cases/{reference}").tree.xpath("//main//form") == []
    dora.post(f"/cases/{reference}/aside", 403, why="spam")


def test_compliments_and_campaigns_are_confirmed_at_once_after_a_look(
    mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime
) -> None:
    thanks = [mailroom.case(now, PRAISE, subject=f"Thanks {number}") for number in range(2)]
    mailroom.case(now, {**PRAISE, "at_risk": True}, subject="Thanks, but")
    mailroom.case(now, CHILDREN_COMPLAINT)
    plea = "Please do not close our library in the village, for many people need it every day."
    letters = [mailroom.case(now, HIGHWAYS_REQUEST, text=plea, subject="Our library") for _ in range(3)]
    with open_session(sqlite) as session:
        campaign = Campaign(begun_at=now, last_at=now, found_at=now)
        session.add(campaign)
        session.flush()
        for each in letters:  # the mailroom numbers messages and cases alike
            session.add(NearCopy(message_id=mailroom.case_id(each), looked_at=now, campaign_id=campaign.id))
        session.commit()

    page = alice.page("/several")
    assert "Thanks, but" not in page.text
    assert page.text.count("Our library") == 4

    after = alice.post("/several", own="yes", **boxes(page, thanks))
    assert "Confirmed: 2." in after.text
    assert {case(sqlite, each).category for each in thanks} == {"customer_care"}
    labels = {"type": "comment", "category": "none", "team": "libraries", "exclusion": "none"}
    alice.post("/several", **labels, **boxes(after, letters[:2]))
    assert [case(sqlite, each).type for each in letters] == ["comment", "comment", ""]
    assert "changed by somebody else" in alice.post("/several", 422, **labels, **boxes(page, letters[:1])).text


def boxes(page: Page, references: list[str]) -> dict[str, Any]:
    names = page.tree.xpath("//input[@type='checkbox']/@name")
    return {name: "yes" for name in names if any(reference in name for reference in references)}
