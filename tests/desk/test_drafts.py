"""Letters that are begun, kept, gone on with by somebody else, and sent or discarded."""

from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.erasing import erase_person
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.desk_work import LetterDraft
from postroom.models.outgoing_mail import OutgoingMail
from tests.desk.casework import Desk
from tests.desk.conftest import Clock, Enter, Page, Visitor, officer_id
from tests.desk.mailroom import Mailroom

RESPONSE = "letters/new/response"
BEGUN = {"outcome": "upheld", "subject": "Your complaint", "text": "We are sorry about the light.\n\nAlice"}


@pytest.fixture
def desk(mailroom: Mailroom, now: datetime) -> Desk:
    return Desk(mailroom, now)


def kept(engine: Engine) -> list[LetterDraft]:
    with open_session(engine, read_only=True) as session:
        return list(session.exec(select(LetterDraft)))


def typed(page: Page) -> dict[str, str]:
    """All that the page of a letter would send, but which button."""
    hidden = page.tree.xpath("//main//form[@method='post' and not(@id)]//input[@type='hidden']")
    fields = {each.get("name"): each.get("value") or "" for each in hidden}
    return {**fields, "subject": page.value("subject"), "text": page.value("text")}


def test_a_letter_is_kept_and_gone_on_with_by_a_colleague(
    desk: Desk, alice: Visitor, charlie: Visitor, sqlite: Engine, clock: Clock
) -> None:
    reference = desk.open()
    before = desk.changes(reference)
    page = alice.post(f"/cases/{reference}/{RESPONSE}", then="keep", **BEGUN)
    assert "kept as a draft" in page.text
    assert desk.changes(reference) == before, "a draft is no change of the case"
    clock.forward(minutes=20)

    page = charlie.page(f"/cases/{reference}")
    assert "not sent yet. Kept by Alice, today at 10:00." in page.text
    assert f"/cases/{reference}/{RESPONSE}" in page.links()
    page = charlie.page(f"/cases/{reference}/{RESPONSE}")
    assert (page.value("subject"), page.value("text")) == (BEGUN["subject"], BEGUN["text"])
    assert "It is still signed by Alice." in page.text
    assert "What they wrote Jo Park" in page.text
    assert page.value("outcome") == "upheld"
    shown = charlie.post(f"/cases/{reference}/{RESPONSE}", **{**typed(page), "text": "Half of it."}, then="preview")
    assert "As it will be read" in shown.text
    assert "Kept as a draft by Charlie, today at 10:20." in shown.text
    assert [(row.boxes["text"], row.boxes["outcome"], row.version) for row in kept(sqlite)] == [
        ("Half of it.", "upheld", 2)
    ]


def test_the_draft_goes_with_the_letter_that_is_sent(desk: Desk, alice: Visitor, sqlite: Engine) -> None:
    reference = desk.open()
    page = alice.post(f"/cases/{reference}/{RESPONSE}", outcome="upheld", then="letter")
    whole = page.value("text").replace("[Write here what", "We found what")
    whole = "\n".join(line for line in whole.splitlines() if not line.strip().startswith("["))
    alice.post(f"/cases/{reference}/{RESPONSE}", **{**typed(page), "text": whole}, then="keep")

    page = alice.page(f"/cases/{reference}/{RESPONSE}")
    assert "not sent yet" not in alice.post(f"/cases/{reference}/{RESPONSE}", **typed(page)).text

    assert kept(sqlite) == []
    with open_session(sqlite) as session:
        assert session.exec(select(OutgoingMail.subject).where(OutgoingMail.purpose == "response")).one()


def test_what_was_found_can_be_changed_without_losing_the_letter(desk: Desk, alice: Visitor) -> None:
    reference = desk.open()
    first = alice.post(f"/cases/{reference}/{RESPONSE}", then="answers", **BEGUN)
    assert first.value("outcome") == "upheld"
    page = alice.post(
        f"/cases/{reference}/{RESPONSE}",
        **{"text": first.value("text"), "subject": first.value("subject"), "outcome": "not_upheld"},
        then="letter",
    )
    assert page.value("text") == BEGUN["text"]
    assert page.value("outcome") == "not_upheld"


def test_of_two_who_write_the_second_is_shown_what_the_first_kept(desk: Desk, alice: Visitor, charlie: Visitor) -> None:
    reference = desk.drafted()
    hers, his = (typed(each.page(f"/cases/{reference}/{RESPONSE}")) for each in (alice, charlie))
    alice.post(f"/cases/{reference}/{RESPONSE}", **{**hers, "text": "Hers is better."}, then="keep")

    page = charlie.post(f"/cases/{reference}/{RESPONSE}", 409, **{**his, "text": "His is longer."}, then="keep")
    assert "Alice kept another version of this draft today at 10:00." in page.text
    assert "Hers is better." in page.text
    assert page.value("text") == "His is longer."
    charlie.post(f"/cases/{reference}/{RESPONSE}", **typed(page), then="keep")
    assert alice.page(f"/cases/{reference}/{RESPONSE}").value("text") == "His is longer."


def test_a_letter_comes_back_whole_where_the_case_was_changed(desk: Desk, alice: Visitor, charlie: Visitor) -> None:
    reference = desk.open()
    page = alice.post(f"/cases/{reference}/{RESPONSE}", outcome="upheld", then="letter")
    charlie.post(f"/cases/{reference}/notes/new", note="Wait for the contractor.")

    page = alice.post(f"/cases/{reference}/{RESPONSE}", 409, **{**typed(page), "text": "Long and careful."})
    assert f"Charlie changed {reference} today at 10:00: A note was written. Look at it again" in page.text
    assert (page.value("text"), page.value("outcome")) == ("Long and careful.", "upheld")


def test_a_letter_that_can_be_sent_no_longer_is_kept_to_be_read(desk: Desk, alice: Visitor) -> None:
    reference = desk.drafted()
    desk.make(cases.respond, reference, how="by telephone")

    page = alice.page(f"/cases/{reference}")
    assert "It can't be sent as the case stands." in page.text
    (link,) = page.links(f"/cases/{reference}/drafts/")
    assert "We are sorry that the light is out." in alice.page(link).text
    assert "We are sorry that the light is out." in alice.page(f"/cases/{reference}/{RESPONSE}", 422).text


def test_a_draft_is_discarded_once_it_was_asked(desk: Desk, alice: Visitor, sqlite: Engine) -> None:
    reference = desk.drafted()
    (link,) = alice.page(f"/cases/{reference}").links(f"/cases/{reference}/drafts/")
    assert "nobody can bring it back" in alice.page(link).text
    assert len(kept(sqlite)) == 1

    assert "The draft is discarded." in alice.post(link).text
    assert kept(sqlite) == []
    alice.page(link, 404)


def test_nobody_reads_the_draft_of_a_case_that_they_may_not_see(
    desk: Desk, alice: Visitor, bob: Visitor, enter: Enter, sqlite: Engine
) -> None:
    reference = desk.drafted()
    path = f"/cases/{reference}/drafts/{kept(sqlite)[0].id}/discarding"
    for nobody in (bob,):
        nobody.page(path, 404)
        nobody.page(f"/cases/{reference}/{RESPONSE}", 404)
        nobody.post(f"/cases/{reference}/{RESPONSE}", 404, then="keep", **BEGUN)
    for looks in (enter("dora"), enter("otto")):
        page = looks.page(f"/cases/{reference}")
        assert "Kept by Alice" in page.text
        assert page.links(f"/cases/{reference}/drafts/") == []
        looks.page(path, 403)
    other = desk.open()
    alice.page(f"/cases/{other}/drafts/{kept(sqlite)[0].id}/discarding", 404)


def test_erasing_a_person_erases_what_was_drafted_to_them(desk: Desk, sqlite: Engine, now: datetime) -> None:
    reference = desk.closed()
    with open_session(sqlite) as session:
        case = session.exec(select(Case).where(Case.reference == reference)).one()
        assert case.id is not None
        session.add(
            LetterDraft(
                case_id=case.id,
                stage=case.stage,
                form="letters/new/closing",
                officer_id=officer_id("alice"),
                boxes=BEGUN,
                begun_at=now,
                kept_at=now,
            )
        )
        session.flush()
        assert case.person_id is not None
        erase_person(session, case.person_id, officer_id=officer_id("alice"), now=now)
        session.commit()
    assert kept(sqlite) == []


def test_a_letter_in_the_place_of_ours_says_until_when_it_can_be_sent(desk: Desk, alice: Visitor) -> None:
    reference = desk.extended()
    page = alice.page(f"/cases/{reference}/letters/new/extension")
    assert "Our own letter may go out at any moment" in page.text, "it was put off an hour ago"
    alice.post(f"/cases/{reference}/extension", step="respond", days="2", reason="one more report is missing")
    page = alice.page(f"/cases/{reference}/letters/new/extension")
    assert "Send it by 10:15. After that our own letter goes out instead." in page.text
