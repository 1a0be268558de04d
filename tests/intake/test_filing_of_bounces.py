"""Bounces mark the letter that came back, and only that one."""

from datetime import datetime

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework.answer_address import bounce_address
from postroom.casework.history import broken_histories
from postroom.casework.threads import merge
from postroom.models.case import Case, CaseStatus, Deadline, Event
from postroom.models.database import open_session
from postroom.models.officer import Officer, Role
from postroom.models.outgoing_mail import Bounce, MailState, OutgoingMail
from postroom.models.raw_message import FilingState, HeldBecause
from postroom.models.settings import Settings
from tests.intake.conftest import Post
from tests.intake.mails import FEEDBACK, PAT, bounce, mail

GATEWAY = "mx.ardenshire.example"
ANSWER = {"Subject": "Re: The bins", "Message_ID": "<bins-2@home.example>", "In_Reply_To": "<bins-1@home.example>"}
DSN_ID = "0123abcd@ardenshire.example"


@pytest.fixture
def case(post: Post, engine: Engine) -> Case:
    """Pat's case about the bins."""
    post.file(mail())
    with open_session(engine) as session:
        return session.exec(select(Case)).one()


@pytest.fixture
def alice(engine: Engine, now: datetime) -> int:
    officer = Officer(email="alice@council.example", name="Alice", role=Role.OFFICER, password_hash="", created_at=now)
    with open_session(engine) as session:
        session.add(officer)
        session.commit()
    assert officer.id is not None
    return officer.id


@pytest.fixture
def letter(case: Case, engine: Engine, now: datetime) -> int:
    """A letter of ours about it."""
    sent = OutgoingMail(
        once="letter:1",
        kind="letter",
        case_id=case.id,
        message_id=f"<{DSN_ID}>",
        envelope_sender="bounces@ardenshire.example",
        recipient=PAT,
        subject="We have your message",
        content=b"",
        created_at=now,
        not_before=now,
        state=MailState.SENT,
    )
    with open_session(engine) as session:
        session.add(sent)
        session.commit()
        assert sent.id is not None
        return sent.id


def mail_now(post: Post, letter: int) -> OutgoingMail:
    with open_session(post.engine) as session:
        assert list(broken_histories(session)) == []
        return session.get_one(OutgoingMail, letter)


def events(post: Post) -> list[str]:
    with open_session(post.engine) as session:
        return list(session.exec(select(Event.kind).order_by(Event.id)))  # type: ignore[arg-type]


def test_a_hard_bounce_marks_the_letter_and_is_to_be_read_and_moves_nothing(post: Post, letter: int) -> None:
    message = post.message(post.file(bounce(DSN_ID)))
    marked = mail_now(post, letter)
    assert (marked.bounce_kind, marked.bounced_at, marked.bounce_reason) == (Bounce.HARD, post.now, "5.1.1")
    assert (marked.state, message.to_read) == (MailState.SENT, True)
    assert events(post) == ["opened", "message added", "letter bounced"]
    with open_session(post.engine) as session:
        assert session.exec(select(Case.status)).one() == CaseStatus.AWAITING
        assert session.exec(select(Deadline)).all() == []


def test_a_soft_bounce_is_outweighed_by_a_hard_one_and_not_the_other_way_round(post: Post, letter: int) -> None:
    post.file(bounce(DSN_ID, action="delayed"))
    assert mail_now(post, letter).bounce_kind == Bounce.SOFT
    post.file(bounce(DSN_ID, Message_ID="<second@home.example>"))
    post.file(bounce(DSN_ID, action="delayed", Message_ID="<third@home.example>"))
    assert mail_now(post, letter).bounce_kind == Bounce.HARD
    assert events(post).count("letter bounced") == 2


@pytest.mark.parametrize("action", ["relayed", "delivered", "expanded"])
def test_a_notification_of_success_marks_nothing(post: Post, letter: int, action: str) -> None:
    filing = post.file(bounce(DSN_ID, action=action))
    assert filing.state == FilingState.MACHINE
    assert mail_now(post, letter).bounce_kind == Bounce.NONE


def test_a_bounce_that_guesses_marks_nothing(post: Post, letter: int) -> None:
    forged = bounce_address(FEEDBACK, "0123abcd", "another key")
    post.file(bounce("guessed@ardenshire.example"), source="smtp", envelope_recipients=(forged,))
    assert mail_now(post, letter).bounce_kind == Bounce.NONE
    assert events(post) == ["opened"]


def test_a_bounce_is_known_by_the_signed_address_and_by_our_header(post: Post, letter: int, settings: Settings) -> None:
    address = bounce_address(FEEDBACK, "0123abcd", settings.signing_key.read())
    post.file(bounce("rewritten@x.example", action="delayed"), source="smtp", envelope_recipients=(address,))
    assert mail_now(post, letter).bounce_kind == Bounce.SOFT
    ours = bounce("also-rewritten@x.example").replace(b"Subject: We", b"X-Postroom-Mail: 0123abcd\r\nSubject: We")
    post.file(ours)
    assert mail_now(post, letter).bounce_kind == Bounce.HARD


def test_what_comes_to_a_bounce_address_from_no_sender_is_a_bounce(post: Post, letter: int, settings: Settings) -> None:
    address = bounce_address(FEEDBACK, "0123abcd", settings.signing_key.read())
    odd = mail("550 5.1.1 unbekannt", Subject="Unzustellbar", Message_ID="<odd@home.example>")
    assert post.message(post.file(odd, source="smtp", envelope_recipients=(address,))).machine == "bounce"
    assert mail_now(post, letter).bounce_kind == Bounce.HARD
    person = mail("I answer the wrong address.", Message_ID="<p@home.example>")
    filing = post.file(person, source="smtp", envelope_sender=PAT, envelope_recipients=(address,))
    assert (filing.state, post.message(filing).may_answer) == (FilingState.ON_CASE, False)


def test_a_new_matter_in_an_old_thread_is_held(post: Post, case: Case) -> None:
    text = (
        "My daughter wanted to borrow novels from Kenilworth library. The librarian refused her card although she had "
        "renewed membership online. Could you refund the fine and explain which documents children must bring?"
    )
    filing = post.file(mail(text, **(ANSWER | {"Subject": "Library card"})))
    assert (filing.state, filing.held_because) == (FilingState.HELD, HeldBecause.NEW_MATTER)
    assert filing.proposed_case_id == case.id
    assert events(post) == ["opened"]


def test_an_answer_on_a_merged_case_is_put_on_the_one_that_it_is_part_of(post: Post, case: Case, alice: int) -> None:
    post.file(mail("The street light is out.", Subject="Light", Message_ID="<light@home.example>"))
    with open_session(post.engine) as session:
        other = session.exec(select(Case).where(Case.id != case.id)).one()
        other.status = CaseStatus.OPEN
        session.add(other)
        assert case.id is not None
        assert other.id is not None
        merge(session, case.id, other.id, officer_id=alice, now=post.now)
        session.commit()
    message = post.message(post.file(mail("Still there.", **ANSWER)))
    assert (message.case_id, message.to_read) == (other.id, True)
