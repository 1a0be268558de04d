"""Several officers at one case: who has it open, what another changed meanwhile, and until when one's own is undone."""

from datetime import datetime

import pytest
from sqlmodel import Session

from postroom.casework import cases
from postroom.models.settings import Settings
from tests.desk.casework import Desk
from tests.desk.conftest import Clock, Visitor
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom
from tests.desk.test_moves import AS_SUGGESTED


@pytest.fixture
def desk(mailroom: Mailroom, now: datetime) -> Desk:
    return Desk(mailroom, now)


def told(visitor: Visitor, reference: str, version: str) -> dict[str, object]:
    """What a page that shows this version is told when it says that it is still open."""
    fields = {"csrf_token": visitor.token(), "version": version}
    answer: dict[str, object] = visitor.client.post(f"/cases/{reference}/presence", data=fields).json()
    return answer


def test_a_confirmed_case_says_who_else_has_it_or_a_form_of_it_open(
    desk: Desk, alice: Visitor, charlie: Visitor, dora: Visitor, clock: Clock
) -> None:
    reference = desk.open()
    dora.page(f"/cases/{reference}")
    assert "open too" not in charlie.page(f"/cases/{reference}").text, "who only looks is in nobody's way"
    assert "Charlie has this open too, since today at 10:00" in alice.page(f"/cases/{reference}").text
    assert "Charlie has this open too" in alice.page(f"/cases/{reference}/closure").text
    clock.forward(minutes=4)
    assert "open too" not in alice.page(f"/cases/{reference}").text


def test_an_open_page_is_told_what_somebody_changed(desk: Desk, alice: Visitor, charlie: Visitor) -> None:
    reference = desk.open()
    (version,) = alice.page(f"/cases/{reference}").tree.xpath("//*[@data-presence]/@data-version")
    assert told(alice, reference, version) == {"others": [], "changed": ""}
    charlie.post(f"/cases/{reference}/points/new", text="The light is out")
    charlie.post(f"/cases/{reference}/notes/new", note="Rang the contractor.")

    words = "Charlie changed this case today at 10:00: A note was written. It is the last of 2 changes."
    assert told(alice, reference, version) == {"others": ["Charlie"], "changed": words}
    assert "You changed this case" in str(told(charlie, reference, version)["changed"])


def test_no_form_comes_back_because_our_letter_went_out(desk: Desk, alice: Visitor) -> None:
    reference = desk.open()
    version = alice.page(f"/cases/{reference}/points/new").value("version")

    def acknowledge(session: Session, id_: int, *, settings: Settings, now: datetime, **_: object) -> None:
        cases.acknowledge(session, id_, settings=settings, now=now, actor="delivery", how="by our letter")

    desk.make(acknowledge, reference)
    page = alice.post(f"/cases/{reference}/points/new", text="Nobody calls back", version=version)
    assert "The point is added." in page.text


def test_a_message_is_not_set_aside_that_somebody_wrote_a_note_about(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    version = alice.page(f"/cases/{reference}").value("version")
    charlie.post(f"/cases/{reference}/notes/new", note="This is real: I know her.")

    page = alice.post(f"/cases/{reference}/aside", 409, why="spam", version=version)
    assert f"Charlie changed {reference} today at 10:00: A note was written." in page.text
    assert "This is real: I know her." in page.text
    alice.post(f"/cases/{reference}/aside", why="spam", version=page.value("version"))


def test_what_was_chosen_stays_where_the_message_still_awaits_confirmation(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    charlie.post(f"/cases/{reference}/notes/new", note="Ring first.")

    page = alice.post(f"/cases/{reference}/labels", 409, **{**AS_SUGGESTED, "team": "libraries"})
    assert page.value("team") == "libraries"


def test_it_is_said_until_when_a_confirmation_can_be_undone(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, now: datetime, clock: Clock
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    after = alice.post(f"/cases/{reference}/labels", **AS_SUGGESTED, then="next")
    assert "No letter goes out before 10:01." in after.text

    assert "Until 10:01 no letter goes out, and you can take it back." in alice.page(f"/cases/{reference}").text
    assert "take it back" not in charlie.page(f"/cases/{reference}").text
    clock.forward(minutes=5)
    assert "take it back" not in alice.page(f"/cases/{reference}").text


def test_a_confirmation_is_undone_on_the_cases_own_page(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    page = alice.post(f"/cases/{reference}/labels", **AS_SUGGESTED, then="stay")
    (form,) = page.tree.xpath("//form[@action='/undo']")
    again = alice.post("/undo", reference=form.fields["reference"])
    assert f"Undone: {reference} awaits confirmation again." in again.text
