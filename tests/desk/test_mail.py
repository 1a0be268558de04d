"""Mail from machines and the outbox."""

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.desk.following import ask_for_code
from postroom.desk.queries.mail import from_machines, outbox
from postroom.desk.sessions import SignedIn
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Role
from postroom.models.outgoing_mail import MailState, OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications.follow_codes import FOLLOW_CODE
from tests.desk.conftest import Visitor, add_people, officer_id
from tests.desk.mailroom import CHILDREN_COMPLAINT, HIGHWAYS_REQUEST, Mailroom
from tests.desk.test_follow import codes

CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")
HIGHWAYS = Labels("service_request", "highways", "fix_problem")


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

    assert f"/cases/{plain}" in page.links("/cases/")
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


def test_nobody_at_the_desk_reads_a_residents_code_or_to_whom_it_went(
    mailroom: Mailroom, settings: Settings, alice: Visitor, dora: Visitor, now: datetime
) -> None:
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    ask_for_code(mailroom.engine, sealed, settings=settings, now=now)
    with open_session(mailroom.engine, read_only=True) as session:
        mail = session.exec(select(OutgoingMail).where(OutgoingMail.letter == FOLLOW_CODE)).one()
    [(_, code)] = codes(mailroom.engine)

    for officer in (alice, dora):
        pages = officer.page("/outbox").source, officer.page(f"/outbox/{mail.id}", 404).source
        for secret in (code, sealed, mail.recipient):
            assert not [page for page in pages if secret in page], secret


def test_what_an_officer_is_reminded_of_is_for_them_alone(mailroom: Mailroom, dora: Visitor, now: datetime) -> None:
    digest = mailroom.letter(now, text="AR-2026-000007: complaint, Children in Nuneaton")

    page = dora.page(f"/outbox/{digest}")
    assert "AR-2026-000007" not in page.source
    assert "for its recipient alone" in page.text


def test_mail_from_a_machine_shows_no_words_about_a_sealed_case(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    seems_sealed = mailroom.case(now, CHILDREN_COMPLAINT)
    put_bounce(mailroom, seems_sealed, now)

    page = alice.page("/machine-mail")
    assert f"/cases/{seems_sealed}" in page.links("/cases/")
    assert "pothole on Mill Lane" not in page.source
    assert "Bounce about" not in page.source
    assert "Jo Park" not in page.source


def test_the_lists_of_mail_are_the_same_on_both_databases(engine: Engine, settings: Settings, now: datetime) -> None:
    mailroom = Mailroom(engine, settings)
    add_people(engine, settings, now)
    dora = SignedIn(officer_id("dora"), "Dora", Role.ADMINISTRATOR, frozenset(), "", "")
    awaiting = mailroom.case(now, HIGHWAYS_REQUEST)
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    put_bounce(mailroom, sealed, now)
    put_bounce(mailroom, awaiting, now)
    for reference in (awaiting, sealed, ""):
        mailroom.letter(now, reference)

    assert [row.reference for row in from_machines(engine, dora, settings, 1).rows] == [awaiting]
    assert [(row.reference, row.hidden) for row in outbox(engine, dora, settings, 1).rows] == [
        ("", False),
        ("", True),
        (awaiting, False),
    ]
