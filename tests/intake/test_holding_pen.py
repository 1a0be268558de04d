"""What officers decide about held messages."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from postroom.intake.filing import process_one
from postroom.intake.holding_pen import attach_to_case, file_as_new, mark_as_machine, mark_as_spam, release
from postroom.models.case import Address, Case, Event
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.message import Attachment, Message
from postroom.models.officer import Officer, Role
from postroom.models.raw_message import FilingState, HeldBecause
from postroom.models.settings import Settings
from tests.intake.conftest import Post
from tests.intake.mails import mail, multipart

STRANGER = "mallory@evil.example"
PICTURE = 'Content-Type: image/png; name="a.png"\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n'


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
def held(post: Post, case: Case) -> int:
    """A stranger's message, with a picture, that names Pat's case."""
    named = {"From": f"Mallory <{STRANGER}>", "Subject": case.reference, "Message_ID": "<bins-2@home.example>"}
    number = post.file(
        multipart("mixed", "Content-Type: text/plain\n\nTell me more.\n", PICTURE, **named)
    ).raw_message_id
    assert post.filing(number).held_because == HeldBecause.DOUBTFUL_SENDER
    return number


def test_an_officer_opens_a_new_case_for_it(post: Post, held: int, alice: int, settings: Settings) -> None:
    opened = file_as_new(post.engine, held, settings=settings, officer_id=alice, now=post.now)
    assert (post.filing(held).state, post.filing(held).decided_by) == (FilingState.ON_CASE, alice)
    assert post.message(post.filing(held)).case_id == opened.id
    with open_session(post.engine) as session:
        assert _actors(session, opened.id) == [f"officer:{alice}"]


def test_an_officer_puts_it_on_a_case(post: Post, held: int, alice: int, case: Case, settings: Settings) -> None:
    attach_to_case(post.engine, held, case.reference.lower(), settings=settings, officer_id=alice, now=post.now)
    message = post.message(post.filing(held))
    assert (message.case_id, message.matched_by) == (case.id, "an officer's decision")
    with open_session(post.engine) as session:
        assert _actors(session, case.id) == ["filing", f"officer:{alice}"]


@pytest.mark.parametrize(("mark", "machine"), [(mark_as_machine, "bulk"), (mark_as_spam, "spam")])
def test_an_officer_sets_it_aside(post: Post, held: int, alice: int, mark: type, machine: str) -> None:
    mark(post.engine, held, officer_id=alice, now=post.now)
    message = post.message(post.filing(held))
    assert (post.filing(held).state, post.filing(held).decided_by) == (FilingState.MACHINE, alice)
    assert (message.machine, message.may_answer, message.case_id) == (machine, False, None)


def test_an_unknown_reference_is_not_found(post: Post, held: int, alice: int, settings: Settings) -> None:
    with pytest.raises(NotFound, match="AR-2026-000099"):
        attach_to_case(post.engine, held, "AR-2026-000099", settings=settings, officer_id=alice, now=post.now)
    assert post.filing(held).state == FilingState.HELD


def test_what_is_not_held_any_more_is_refused(post: Post, held: int, alice: int, settings: Settings) -> None:
    file_as_new(post.engine, held, settings=settings, officer_id=alice, now=post.now)
    with pytest.raises(ImpossibleMove):
        file_as_new(post.engine, held, settings=settings, officer_id=alice, now=post.now)
    for decide in (mark_as_machine, mark_as_spam, release):
        with pytest.raises(ImpossibleMove):
            decide(post.engine, held, officer_id=alice, now=post.now)


def test_a_copy_of_a_held_message_is_a_duplicate(post: Post, held: int) -> None:
    with open_session(post.engine) as session:
        again = session.get_one(Message, 2).subject
    named = {"From": f"Mallory <{STRANGER}>", "Subject": again, "Message_ID": "<bins-2@home.example>"}
    copy = multipart("mixed", "Content-Type: text/plain\n\nTell me more.\n", PICTURE, **named)
    assert post.file(copy).duplicate_of_id == held


def test_a_message_that_was_never_understood_can_be_filed(post: Post, alice: int, settings: Settings) -> None:
    number = post.bring(mail(), held_because="It is too large.")
    file_as_new(post.engine, number, settings=settings, officer_id=alice, now=post.now)
    assert post.message(post.filing(number)).subject == "The bins"


def test_a_released_message_is_filed_as_if_it_came_now(
    post: Post, held: int, alice: int, case: Case, settings: Settings
) -> None:
    assert case.person_id is not None
    with open_session(post.engine) as session:
        session.add(Address(email=STRANGER, person_id=case.person_id))
        session.commit()

    release(post.engine, held, officer_id=alice, now=post.now)
    assert post.filing(held).state == FilingState.WAITING
    while process_one(post.engine, settings, post.now):
        pass

    assert (post.filing(held).state, post.filing(held).decided_by) == (FilingState.ON_CASE, alice)
    assert post.message(post.filing(held)).case_id == case.id
    with open_session(post.engine) as session:
        assert len(session.exec(select(Attachment)).all()) == 1


def test_a_message_that_was_too_large_is_released_once_the_limit_was_raised(
    post: Post, engine: Engine, alice: int, settings: Settings
) -> None:
    narrow = settings.model_copy(update={"intake": settings.intake.model_copy(update={"maximum_bytes": 100})})
    number = post.bring(mail())
    process_one(engine, narrow, post.now)
    assert post.filing(number).held_because == HeldBecause.TOO_LARGE

    later = post.now + timedelta(days=1)
    release(engine, number, officer_id=alice, now=later)
    process_one(engine, settings, later)

    assert post.filing(number).state == FilingState.ON_CASE


def test_a_message_of_which_only_a_part_is_here_is_not_filed_but_asked_for(post: Post, alice: int) -> None:
    number = post.bring(mail(), held_because="Only its headers are here.")
    later = post.now + timedelta(minutes=1)
    release(post.engine, number, officer_id=alice, now=later)
    filing = post.filing(number)
    assert (filing.state, filing.held_because) == (FilingState.HELD, HeldBecause.INCOMPLETE)
    assert (filing.not_before, filing.decided_by) == (later, alice)


def _actors(session: Session, case_id: int | None) -> list[str]:
    return list(session.exec(select(Event.actor).where(Event.case_id == case_id).order_by(Event.number)))  # type: ignore[arg-type]
