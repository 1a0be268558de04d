"""The holding pen, mail from machines and the outbox."""

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.desk.queries.mail import from_machines, held, outbox
from postroom.desk.sessions import SignedIn
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Role
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.raw_message import Filing, FilingState
from postroom.models.settings import Settings
from tests.desk.conftest import Visitor, add_people, officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")
HIGHWAYS = Labels("service_request", "highways", "fix_problem")


def state_of(mailroom: Mailroom, raw_message_id: int) -> str:
    with open_session(mailroom.engine) as session:
        return session.get_one(Filing, raw_message_id).state


def test_a_held_message_says_why_and_becomes_a_case_of_its_own(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    raw_id = mailroom.raw(now, state=FilingState.HELD, reason="It looks like two messages.", subject="Bins & bears")
    pen = alice.page("/holding-pen")
    assert "Bins & bears Jo Park <jo@example.org>" in pen.text
    assert "Why it is held: It looks like two messages." in pen.text

    page = alice.post(f"/holding-pen/{raw_id}/new-case")

    assert "The message is the new case AR-2026-000001" in page.text
    assert state_of(mailroom, raw_id) == FilingState.ON_CASE
    assert "Bins & bears" in alice.page("/cases/AR-2026-000001").text


def test_a_held_message_is_put_on_the_case_that_an_officer_names(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    raw_id = mailroom.raw(
        now,
        sender="Daughter <d@example.org>",
        text="I write for my father.",
        state=FilingState.HELD,
        proposed_case_id=mailroom.case_id(reference),
    )
    assert alice.page("/holding-pen").value("reference") == reference

    page = alice.post(f"/holding-pen/{raw_id}/attach", reference=f" {reference.lower()} ")

    assert f"The message is now on {reference}." in page.text
    assert "I write for my father." in alice.page(f"/cases/{reference}").text


def test_a_held_message_is_marked_as_machine_mail(mailroom: Mailroom, dora: Visitor, now: datetime) -> None:
    raw_id = mailroom.raw(now, state=FilingState.HELD)

    dora.post(f"/holding-pen/{raw_id}/machine")

    assert state_of(mailroom, raw_id) == FilingState.MACHINE


def test_a_message_goes_on_no_case_that_the_officer_may_not_see(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    raw_id = mailroom.raw(now, state=FilingState.HELD)

    for reference in (sealed, "AR-2026-999999", ""):
        page = alice.post(f"/holding-pen/{raw_id}/attach", 422, reference=reference)
        assert "There is no case" in page.text
    assert state_of(mailroom, raw_id) == FilingState.HELD


def test_what_may_belong_to_a_sealed_case_is_filed_by_customer_relations_alone(
    mailroom: Mailroom, alice: Visitor, dora: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    raw_id = mailroom.raw(
        now, text="About my grandson", state=FilingState.HELD, proposed_case_id=mailroom.case_id(sealed)
    )

    pen = dora.page("/holding-pen")
    assert "grandson" not in pen.source
    assert sealed not in pen.source
    dora.post(f"/holding-pen/{raw_id}/new-case", 422)
    dora.post(f"/holding-pen/{raw_id}/machine", 422)
    assert state_of(mailroom, raw_id) == FilingState.HELD

    alice.post(f"/holding-pen/{raw_id}/attach", reference=sealed)
    assert state_of(mailroom, raw_id) == FilingState.ON_CASE


def test_a_message_that_somebody_filed_meanwhile_is_not_filed_again(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    raw_id = mailroom.raw(now, state=FilingState.HELD)
    alice.post(f"/holding-pen/{raw_id}/new-case")

    page = alice.post(f"/holding-pen/{raw_id}/new-case", 422)

    assert "not in the holding pen any more" in page.text


def put_bounce(mailroom: Mailroom, reference: str, now: datetime) -> None:
    bounce: Message = mailroom.message(now, subject=f"Bounce about {reference}", machine="bounce")
    with open_session(mailroom.engine) as session:
        session.add(bounce)
        cases.add_message(session, mailroom.case_id(reference), bounce, rule="bounce address", now=now)
        session.commit()


def test_mail_from_machines_is_listed_but_for_that_on_sealed_cases(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    plain = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    put_bounce(mailroom, sealed, now)
    put_bounce(mailroom, plain, now)
    mailroom.message(now, subject="Out of office", machine="auto_reply")

    page = alice.page("/machine-mail")

    assert page.links("/cases/") == [f"/cases/{plain}"]
    assert "Out of office" in page.text
    assert "Automatic reply" in page.text
    assert sealed not in page.source


def test_the_outbox_shows_first_what_was_not_delivered_and_tries_it_again(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    mailroom.letter(now, reference, state=MailState.SENT)
    mailroom.letter(now, reference, state=MailState.WAITING)
    dead = mailroom.letter(now - timedelta(days=3), reference, state=MailState.DEAD, error="550 no such user")

    page = alice.page("/outbox")
    states = [tag.text.strip() for tag in page.tree.xpath("//td//strong")]
    assert states == ["Not delivered", "Waiting", "Sent"]
    assert "550 no such user" in page.text

    assert "will be tried again" in alice.post(f"/outbox/{dead}/again").text
    with open_session(mailroom.engine) as session:
        mail = session.exec(select(OutgoingMail).where(OutgoingMail.id == dead)).one()
    assert (mail.state, mail.not_before) == (MailState.WAITING, now)
    assert "only one that was given up" in alice.post(f"/outbox/{dead}/again", 422).text


def test_the_outbox_hides_whom_a_sealed_case_is_about(mailroom: Mailroom, dora: Visitor, now: datetime) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    letter = mailroom.letter(now, sealed, state=MailState.DEAD, error="jo@example.org unknown")
    digest = mailroom.letter(now)

    page = dora.page("/outbox")
    row = page.tree.xpath("//tbody/tr")[0].text_content()
    assert "about a case that you may not see" in row
    assert "jo@example.org" not in row
    assert sealed not in page.source
    dora.page(f"/outbox/{letter}", 404)
    assert dora.page(f"/outbox/{digest}").h1 == "We have your message"


def test_the_lists_of_mail_are_the_same_on_both_databases(engine: Engine, settings: Settings, now: datetime) -> None:
    mailroom = Mailroom(engine, settings)
    add_people(engine, settings, now)
    dora = SignedIn(officer_id("dora"), "Dora", Role.ADMINISTRATOR, frozenset(), "", "")
    awaiting = mailroom.case(now, HIGHWAYS_REQUEST)
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    mailroom.raw(now, state=FilingState.HELD, subject="Odd", proposed_case_id=mailroom.case_id(awaiting))
    mailroom.raw(now, state=FilingState.HELD, subject="Odder", proposed_case_id=mailroom.case_id(sealed))
    mailroom.raw(now, state=FilingState.HELD, subject="Oddest")
    put_bounce(mailroom, sealed, now)
    put_bounce(mailroom, awaiting, now)
    for reference in (awaiting, sealed, ""):
        mailroom.letter(now, reference)

    assert [(row.subject, row.proposed, row.withheld) for row in held(engine, dora, settings, 1).rows] == [
        ("Odd", awaiting, False),
        ("", "", True),
        ("Oddest", "", False),
    ]
    assert [row.reference for row in from_machines(engine, dora, settings, 1).rows] == [awaiting]
    assert [(row.reference, row.hidden) for row in outbox(engine, dora, settings, 1).rows] == [
        ("", False),
        ("", True),
        (awaiting, False),
    ]
