"""A resident's advocate gets a copy of each letter, after it and never without the resident's agreement on record."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from postroom.casework.advocates import end_advocate, name_advocate
from postroom.casework.cases import extend
from postroom.casework.people import Details, add_person
from postroom.models.database import open_session
from postroom.models.failures import Permanent, Unreachable
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications.delivery import process_one
from postroom.notifications.envelopes import Mail
from postroom.notifications.officer_letters import send
from postroom.notifications.owed import Purpose
from postroom.notifications.preview import preview
from postroom.notifications.scheduler import sweep
from tests.notifications.conftest import CHILDRENS_COMPLAINT, COMPLAINT, Desk, on_sqlite
from tests.notifications.reading import read, text_of

VOICE = "mina@voice.example"


class Post:
    """A transport that takes every mail, or says why it takes none to the resident."""

    def __init__(self) -> None:
        self.taken: list[Mail] = []
        self.refuses: Permanent | Unreachable | None = None

    def send(self, mail: Mail) -> None:
        if self.refuses is not None and mail.recipient == "pat@home.example":
            raise self.refuses
        self.taken.append(mail)

    @property
    def to(self) -> list[str]:
        return [mail.recipient for mail in self.taken]


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def deliver(engine: Engine, settings: Settings, post: Post) -> Callable[[datetime], None]:
    """A function that writes what is owed and sends what is due."""

    def all_of_it(now: datetime) -> None:
        sweep(engine, settings, now)
        while process_one(engine, settings, post, now):
            pass

    return all_of_it


@pytest.fixture
def mina(engine: Engine, settings: Settings, desk: Desk, now: datetime) -> int:
    """An advocate."""
    by = {"officer_id": desk.officer("Olive"), "settings": settings, "now": now}
    with open_session(engine) as session:
        person = add_person(session, Details("Mina Grant", "advocate"), email=VOICE, **by)
        session.commit()
        return person.id or 0


def copies(desk: Desk) -> list[OutgoingMail]:
    return [mail for mail in desk.outbox() if mail.kind == "copy"]


def test_the_advocate_has_a_copy_of_what_we_and_what_an_officer_write(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, mina: int, post: Post, deliver: Callable[..., None]
) -> None:
    case_id = desk.confirmed(now, CHILDRENS_COMPLAINT)
    desk.make(name_advocate, case_id, now, advocate_id=mina, evidence="a signed form")
    later = now + timedelta(hours=2)
    deliver(later)
    assert post.to == ["pat@home.example", VOICE]
    [letter, copy] = [mail for mail in desk.outbox() if mail.kind in ("letter", "copy")]
    assert copy.case_id == case_id
    assert " ".join(text_of(letter).split()) in " ".join(text_of(copy).split())
    assert "You are the advocate" in text_of(copy)
    assert read(copy)["Auto-Submitted"] == "auto-generated"
    assert read(copy)["Message-ID"] != read(letter)["Message-ID"]

    with open_session(engine) as session:
        by = {"officer_id": 1, "settings": settings, "now": later}
        case = extend(session, case_id, "respond", days=3, reason="The bus company has not answered us", **by)
        shown = preview(session, case, Purpose.EXTENSION, settings, later, officer_id=1)
        send(session, case, Purpose.EXTENSION, shown.subject, shown.text, **by)
        session.commit()
    deliver(later + timedelta(minutes=1))
    assert post.to[2:] == ["pat@home.example", VOICE]
    assert "The bus company has not answered us" in text_of(post.taken[-1].content)
    assert "Auto-Submitted" not in read(post.taken[-1].content)


@pytest.mark.usefixtures("mina")
def test_without_agreement_on_record_nobody_has_a_copy(
    now: datetime, desk: Desk, post: Post, deliver: Callable[..., None]
) -> None:
    desk.confirmed(now, CHILDRENS_COMPLAINT)
    deliver(now + timedelta(hours=2))
    assert (post.to, copies(desk)) == (["pat@home.example"], [])


def test_a_copy_that_waits_is_withdrawn_once_the_agreement_has_ended(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, mina: int, post: Post, deliver: Callable[..., None]
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    desk.make(name_advocate, case_id, now, advocate_id=mina, evidence="a signed form")
    sweep(engine, settings, now + timedelta(hours=2))
    desk.make(end_advocate, case_id, now, reason="they took it back")
    deliver(now + timedelta(hours=3))
    assert post.to == ["pat@home.example"]
    assert [copy.state for copy in copies(desk)] == ["withdrawn"]


def test_a_copy_waits_for_its_letter(
    now: datetime, desk: Desk, mina: int, post: Post, deliver: Callable[..., None]
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    desk.make(name_advocate, case_id, now, advocate_id=mina, evidence="a signed form")
    later = now + timedelta(hours=2)
    post.refuses = Unreachable("nobody listens")
    deliver(later)
    deliver(later + timedelta(minutes=1))
    assert post.to == []
    post.refuses = None
    deliver(later + timedelta(minutes=5))
    assert post.to == ["pat@home.example", VOICE]
    assert [copy.attempts for copy in copies(desk)] == [1]


def test_the_copy_of_a_letter_that_could_not_be_sent_stays_with_us(
    now: datetime, desk: Desk, mina: int, post: Post, deliver: Callable[..., None]
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    desk.make(name_advocate, case_id, now, advocate_id=mina, evidence="a signed form")
    post.refuses = Permanent("there is no such mailbox")
    deliver(now + timedelta(hours=2))
    deliver(now + timedelta(days=1))
    assert (post.to, [copy.state for copy in copies(desk)]) == ([], ["waiting"])


def test_what_is_written_anew_or_withdrawn_takes_its_copy_along(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, mina: int, post: Post, deliver: Callable[..., None]
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    desk.make(name_advocate, case_id, now, advocate_id=mina, evidence="a signed form")
    later = now + timedelta(hours=2)
    sweep(engine, settings, later)
    desk.confirm(case_id, replace(COMPLAINT, exclusion="employment_matter"), later)
    deliver(later + timedelta(hours=1))
    states = {(mail.kind, mail.letter, mail.state) for mail in desk.outbox() if mail.kind in ("letter", "copy")}
    assert ("copy", "advocate-copy", "withdrawn") in states
    assert post.to == ["pat@home.example", VOICE]
    assert " ".join(text_of(post.taken[0].content).split()) in " ".join(text_of(post.taken[1].content).split())


@on_sqlite
def test_the_copy_says_the_date_that_its_letter_says_after_midnight(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, mina: int, post: Post, deliver: Callable[..., None]
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    desk.make(name_advocate, case_id, now, advocate_id=mina, evidence="a signed form")
    sweep(engine, settings, now + timedelta(hours=2))
    [before] = [text_of(copy) for copy in copies(desk)]
    deliver(now + timedelta(days=1))
    letter, copy = (text_of(mail.content) for mail in post.taken)
    assert copy != before
    assert " ".join(letter.split()) in " ".join(copy.split())


@on_sqlite
def test_an_advocate_who_wants_paper_has_the_copy_by_post(
    engine: Engine, settings: Settings, now: datetime, desk: Desk, post: Post, deliver: Callable[..., None]
) -> None:
    case_id = desk.confirmed(now, COMPLAINT)
    details = Details("Mina", "advocate", postal_address="Voice Ltd\n1 High Street\nArden", on_paper=True)
    with open_session(engine) as session:
        by = {"officer_id": 1, "settings": settings, "now": now}
        person = add_person(session, details, **by)
        name_advocate(session, case_id, person.id or 0, evidence="a signed form", **by)
        session.commit()
    deliver(now + timedelta(hours=2))
    assert [mail.by_post for mail in post.taken] == [False, True]
    assert post.taken[1].content.startswith(b"%PDF")
