"""Messages on a case at the desk: who really wrote, what is new, what came back, and where it belongs."""

from datetime import datetime

from sqlmodel import select

from postroom.casework import cases, threads
from postroom.casework.bounces import note_bounce
from postroom.casework.labels import Labels
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.outgoing_mail import Bounce, OutgoingMail
from postroom.models.raw_message import FilingState
from tests.desk.conftest import Visitor, officer_id
from tests.desk.mailroom import CLOSING, Mailroom

HIGHWAYS = Labels("complaint", "highways", "service_standards")
LIBRARIES = Labels("complaint", "libraries", "service_standards")
CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")


def put_on(mailroom: Mailroom, reference: str, now: datetime, **values: str) -> int:
    """A further message on a case; returns its id."""
    message = mailroom.message(now, **values)  # type: ignore[arg-type]
    with open_session(mailroom.engine) as session:
        session.add(message)
        cases.add_message(session, mailroom.case_id(reference), message, rule="references", now=now)
        session.commit()
        assert message.id is not None
        return message.id


def case_of(mailroom: Mailroom, message_id: int) -> str:
    with open_session(mailroom.engine) as session:
        query = select(Case.reference).join(Message, Message.case_id == Case.id)  # type: ignore[arg-type]
        return session.exec(query.where(Message.id == message_id)).one()


def test_a_message_to_a_closed_case_is_put_before_an_officer_until_it_is_read(
    mailroom: Mailroom, alice: Visitor, charlie: Visitor, bob: Visitor, now: datetime
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    alice.post(f"/cases/{reference}/closure", reason="done", **CLOSING)
    put_on(mailroom, reference, now, text="It is broken again.")

    assert "1 with new messages" in charlie.page("/").text
    assert charlie.page("/new-messages").links(f"/cases/{reference}")
    assert not bob.page("/new-messages").links("/cases/")
    page = charlie.page(f"/cases/{reference}")
    assert "1 new message, which nobody has read yet." in page.text
    assert "Closed" in page.text

    assert "marked as read" in charlie.post(f"/cases/{reference}/reading").text
    assert "Every message is read" in charlie.page("/new-messages").text
    assert "read already" in charlie.post(f"/cases/{reference}/reading", 422).text


def test_one_click_moves_a_message_to_another_case_or_to_a_new_one(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    first = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    second = mailroom.confirmed(now, LIBRARIES, officer_id("alice"))
    message = put_on(mailroom, first, now, text="About the library.")

    page = alice.post(f"/cases/{first}/messages/{message}/move", reference=f" {second.lower()} ")
    assert f"The message is now on {second}." in page.text
    assert case_of(mailroom, message) == second
    page = alice.post(f"/cases/{second}/messages/{message}/move", to="new")
    assert "which awaits confirmation" in page.text
    assert case_of(mailroom, message) not in (first, second)


def test_a_message_moves_to_no_case_that_the_officer_may_not_see(
    mailroom: Mailroom, charlie: Visitor, dora: Visitor, now: datetime
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    sealed = mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    message = put_on(mailroom, reference, now)

    path = f"/cases/{reference}/messages/{message}/move"
    for target in (sealed, "AR-2026-999999", ""):
        assert "There is no case" in charlie.post(path, 422, reference=target).text
    charlie.post(f"/cases/{sealed}/messages/{message}/move", 404, reference=reference)
    dora.post(path, 403, to="new")
    assert case_of(mailroom, message) == reference


def test_a_case_is_merged_and_each_shows_the_other(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    first = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    second = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))

    assert "There is no case" in alice.post(f"/cases/{first}/merging", 422, reference="").text
    page = alice.post(f"/cases/{first}/merging", reference=second)
    assert f"/cases/{second}" in page.links("/cases/")
    assert f"/cases/{first}" in alice.page(f"/cases/{second}").links("/cases/")


def test_the_page_says_in_words_whether_the_sender_was_checked(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.case(now)
    assert "was not checked" in alice.page(f"/cases/{reference}").text
    with open_session(mailroom.engine) as session:
        message = session.exec(select(Message)).one()
        message.authentication, message.authentication_details = "fail", ["DMARC fail for example.org"]
        session.add(message)
        session.commit()
    assert "Somebody else seems to have written this" in alice.page(f"/cases/{reference}").text
    assert "(DMARC fail for example.org)" in alice.page(f"/cases/{reference}").text


def test_the_holding_pen_says_it_too(mailroom: Mailroom, alice: Visitor, now: datetime) -> None:
    raw_id = mailroom.raw(now, state=FilingState.HELD, reason="odd")
    assert "was not checked" not in alice.page("/holding-pen").text
    with open_session(mailroom.engine) as session:
        message = Message(
            raw_message_id=raw_id, channel="email", received_at=now, content_digest="x", authentication="none"
        )
        session.add(message)
        session.commit()
    assert "Nothing proves that the sender's address is their own" in alice.page("/holding-pen").text


def test_a_letter_that_came_back_shows_beside_the_letter_and_in_the_outbox(
    mailroom: Mailroom, alice: Visitor, now: datetime
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    letter = mailroom.letter(now, reference)
    bounce = put_on(mailroom, reference, now, machine="bounce")
    with open_session(mailroom.engine) as session:
        mail, message = session.get_one(OutgoingMail, letter), session.get_one(Message, bounce)
        note_bounce(session, mail, Bounce.HARD, "550 no such user", message=message, now=now)
        session.commit()

    for path in (f"/cases/{reference}", "/outbox"):
        assert "Came back" in alice.page(path).text
        assert "550 no such user" in alice.page(path).text
    assert "1 with new messages" in alice.page("/").text
    with open_session(mailroom.engine) as session:
        threads.mark_read(session, mailroom.case_id(reference), officer_id=officer_id("alice"), now=now)
