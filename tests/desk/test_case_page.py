"""What a case's page shows."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.outgoing_mail import MailState
from tests.desk.conftest import Visitor, officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

COMPLAINT = Labels("complaint", "highways", "service_standards")
SCRIPT = "<script>alert('x')</script>"


def test_nothing_from_a_message_becomes_markup(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    evidence = [{"text": SCRIPT, "supports": SCRIPT}, {"text": "pothole", "supports": "highways"}]
    reference = mailroom.case(
        now,
        {**HIGHWAYS_REQUEST, "evidence": evidence},
        name=SCRIPT,
        email=f"{SCRIPT}@example.org",
        subject=SCRIPT,
        text=f"A pothole {SCRIPT}",
        quoted=f"> {SCRIPT}",
        attachment=(f"{SCRIPT}.html", b"x"),
        defects=(SCRIPT,),
    )
    letter = mailroom.letter(now, reference, text=SCRIPT, error=SCRIPT, state=MailState.DEAD)

    for path in ("/", f"/cases/{reference}", f"/cases/{reference}/letters/{letter}", "/outbox"):
        page = alice.page(path)
        assert SCRIPT not in page.source
        assert page.tree.xpath("//script[not(@src)]") == []
        if path != "/outbox":
            assert SCRIPT in page.text


def test_words_that_spoke_for_a_label_are_marked(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST, text="The pothole is deep.")

    marks = alice.page(f"/cases/{reference}").tree.xpath("//article//mark")
    assert [(mark.text, mark.get("title")) for mark in marks] == [("pothole", "Speaks for: Service request")]


def test_the_quoted_rest_is_folded_away_and_not_lost(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.case(now, text="It is still there.", quoted="> Thank you for writing.")

    message = alice.page(f"/cases/{reference}").tree.xpath("//article")[0]
    folded = " ".join(message.xpath(".//details//text()"))
    assert "> Thank you for writing." in folded
    assert "It is still there." not in folded
    assert "It is still there." in message.text_content()


def test_the_form_holds_what_is_suggested(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    page = alice.page(f"/cases/{mailroom.case(now, {**HIGHWAYS_REQUEST, 'at_risk': True})}")

    assert [page.value(name) for name in ("type", "category", "team", "exclusion")] == [
        "service_request",
        "fix_problem",
        "highways",
        "none",
    ]
    assert page.tree.xpath("//input[@name='at_risk']/@checked")
    assert "Service request Very sure, 97% or complaint 2%" in page.text


def test_without_a_suggestion_nothing_is_chosen(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    page = alice.page(f"/cases/{mailroom.case(now)}")

    assert "No suggestion yet" in page.text
    assert [page.value(name) for name in ("type", "category", "team")] == ["", "", ""]


def test_every_label_of_the_configuration_can_be_chosen(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    page = alice.page(f"/cases/{mailroom.case(now, HIGHWAYS_REQUEST)}")
    settings = mailroom.settings

    def choices(name: str) -> set[str]:
        return set(page.tree.xpath(f"//select[@name='{name}']//option/@value"))

    assert choices("type") == set(settings.feedback_types)
    assert choices("category") == {"none", *(c for all_ in settings.categories.values() for c in all_)}
    assert choices("team") == set(settings.teams)
    assert choices("exclusion") == set(settings.exclusions)


def test_a_letter_is_shown_as_its_reader_sees_it(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    reference = mailroom.confirmed(now, COMPLAINT, officer_id("alice"))
    letter = mailroom.letter(now, reference, text="Dear Jo,\n\nwe have your complaint – and answer by 18 March.")
    other = mailroom.letter(now)

    page = alice.page(f"/cases/{reference}/letters/{letter}")
    assert page.h1 == f"We have your message {reference}"
    assert "we have your complaint – and answer" in page.text
    assert "Sent today at 10:00" in page.text
    alice.page(f"/cases/{reference}/letters/{other}", 404)


def test_deadlines_show_their_working_and_history_its_people(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    page = alice.page(f"/cases/{mailroom.confirmed(now, COMPLAINT, officer_id('alice'))}")

    assert "Corporate complaints, Stage 1" in page.text
    assert "received Wed 4 Mar 2026; day 1 Thu 5 Mar 2026; day 5 Wed 11 Mar 2026 (not counted: weekend)" in page.text
    assert "Alice Confirmed as complaint" in page.text


def test_a_machines_mail_on_a_case_is_called_so(
    mailroom: Mailroom, alice: Visitor, sqlite: Engine, now: datetime
) -> None:
    reference = mailroom.confirmed(now, COMPLAINT, officer_id("alice"))
    bounce: Message = mailroom.message(now + timedelta(hours=1), subject="Undeliverable", machine="bounce")
    with open_session(sqlite) as session:
        session.add(bounce)
        cases.add_message(session, mailroom.case_id(reference), bounce, rule="bounce address", now=now)
        session.commit()

    words = alice.page(f"/cases/{reference}").text
    assert "From a machine: bounce." in words
    assert "Is on this case because: bounce address." in words


@pytest.mark.parametrize(
    ("labels", "offered"),
    [
        (COMPLAINT, {"acknowledgement", "response", "closure", "labels", "merging"}),
        (Labels("comment", "libraries"), {"acknowledgement", "closure", "labels", "merging"}),
    ],
)
def test_only_moves_that_make_sense_are_offered(
    labels: Labels, offered: set[str], mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    page = alice.page(f"/cases/{mailroom.confirmed(now, labels, officer_id('alice'))}")

    assert {action.rpartition("/")[2] for action in page.tree.xpath("//main//form/@action")} == offered
