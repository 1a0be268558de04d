from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import Engine

from postroom.models.database import open_session
from postroom.models.outgoing_mail import MailState
from postroom.models.settings import Settings
from postroom.notifications.outbox import Draft, Kind, has_room, post
from tests.notifications.conftest import Desk, on_sqlite
from tests.notifications.together import both

DRAFT = Draft(
    once="letter:1:Stage 1:acknowledge-complaint",
    kind=Kind.LETTER,
    recipient="pat@home.example",
    subject="Your complaint",
    text="Hello,\n",
    letter="acknowledge-complaint",
    reference="AR-2026-000001",
)


def test_a_mail_waits_in_the_outbox_as_it_will_be_sent(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    with open_session(engine) as session:
        posted = post(session, DRAFT, settings=settings, now=now)
        session.commit()
    [mail] = desk.outbox()
    assert posted is not None
    assert posted.id == mail.id
    assert (mail.state, mail.attempts, mail.not_before) == (MailState.WAITING, 0, now)
    assert mail.message_id.encode() in mail.content
    assert b"Auto-Submitted: auto-replied\r\n" in mail.content


@on_sqlite
def test_a_digest_says_that_nobody_asked_for_it(engine: Engine, settings: Settings, now: datetime, desk: Desk) -> None:
    with open_session(engine) as session:
        post(session, replace(DRAFT, kind=Kind.DIGEST), settings=settings, now=now)
        session.commit()
    assert b"Auto-Submitted: auto-generated\r\n" in desk.outbox()[0].content


def test_the_same_mail_is_written_once_and_the_transaction_goes_on(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    with open_session(engine) as session:
        post(session, DRAFT, settings=settings, now=now)
        assert post(session, replace(DRAFT, subject="Again"), settings=settings, now=now) is None
        assert post(session, replace(DRAFT, once="another"), settings=settings, now=now) is not None
        session.commit()
    assert [mail.once for mail in desk.outbox()] == [DRAFT.once, "another"]


def test_two_workers_that_write_the_same_mail_at_once_write_one(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    def write() -> bool:
        with open_session(engine) as session:
            posted = post(session, DRAFT, settings=settings, now=now)
            session.commit()
        return posted is not None

    assert sorted(both(write)) == [False, True]
    assert len(desk.outbox()) == 1


def test_an_address_has_room_for_some_letters_a_day(engine: Engine, settings: Settings, now: datetime) -> None:
    midnight = datetime(2026, 3, 5, 0, 0, tzinfo=now.tzinfo)
    with open_session(engine) as session:
        for number in range(settings.outgoing.letters_per_address_and_day):
            assert has_room(session, "pat@home.example", settings=settings, now=now)
            post(session, replace(DRAFT, once=str(number)), settings=settings, now=now)
        assert not has_room(session, "pat@home.example", settings=settings, now=midnight - timedelta(seconds=1))
        assert has_room(session, "sam@home.example", settings=settings, now=now)
        assert has_room(session, "pat@home.example", settings=settings, now=midnight)


@on_sqlite
def test_the_day_of_letters_ends_at_midnight_in_the_councils_zone(engine: Engine, settings: Settings) -> None:
    evening = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # 23:30 in London's summer
    with open_session(engine) as session:
        for number in range(settings.outgoing.letters_per_address_and_day):
            post(session, replace(DRAFT, once=str(number)), settings=settings, now=evening)
        assert not has_room(session, DRAFT.recipient, settings=settings, now=evening + timedelta(minutes=29))
        assert has_room(session, DRAFT.recipient, settings=settings, now=evening + timedelta(minutes=30))


def test_two_workers_at_once_do_not_both_take_the_last_place_of_the_day(
    engine: Engine, now: datetime, desk: Desk, changed: Callable[..., Settings]
) -> None:
    settings = changed("outgoing", letters_per_address_and_day=1)
    desk.awaiting(now)
    numbers = count()

    def write() -> bool:
        with open_session(engine) as session:
            if not has_room(session, DRAFT.recipient, settings=settings, now=now):
                return False
            post(session, replace(DRAFT, once=str(next(numbers))), settings=settings, now=now)
            session.commit()
        return True

    assert sorted(both(write)) == [False, True]
