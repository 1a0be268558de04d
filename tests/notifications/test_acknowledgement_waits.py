"""An acknowledgement may wait, so that a confirmation can be taken back before anything is out."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.models.database import open_session
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications import acknowledgements
from postroom.notifications.undo_window import free_since, held_until
from tests.desk.conftest import add_people, officer_id
from tests.desk.mailroom import Mailroom

PRAISE = Labels("compliment", "highways", "customer_care")
HIGHWAYS = Labels("service_request", "highways", "fix_problem")


def waiting(settings: Settings, minutes: int) -> Settings:
    outgoing = settings.outgoing.model_copy(update={"acknowledgement_minutes": minutes})
    return settings.model_copy(update={"outgoing": outgoing})


def test_the_letter_waits_and_is_not_written_for_what_was_taken_back(
    sqlite: Engine, settings: Settings, now: datetime
) -> None:
    waits = waiting(settings, 2)
    add_people(sqlite, settings, now)
    mailroom = Mailroom(sqlite, settings)
    kept = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    slip = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"), email="sam@example.org")

    assert not acknowledgements.process_one(sqlite, waits, now + timedelta(minutes=1))
    with open_session(sqlite) as session:
        cases.take_back(session, mailroom.case_id(slip), officer_id=officer_id("alice"), now=now)
        session.commit()
    assert acknowledgements.process_one(sqlite, waits, now + timedelta(minutes=2))
    assert not acknowledgements.process_one(sqlite, waits, now + timedelta(minutes=9))

    with open_session(sqlite) as session:
        assert [mail.case_id for mail in session.exec(select(OutgoingMail))] == [mailroom.case_id(kept)]


def test_praise_is_not_passed_on_before_it_can_be_taken_back_no_more(
    sqlite: Engine, settings: Settings, now: datetime
) -> None:
    waits = waiting(settings, 5)
    add_people(sqlite, settings, now)
    Mailroom(sqlite, settings).confirmed(now, PRAISE, officer_id("alice"))

    assert not acknowledgements.process_one(sqlite, waits, now + timedelta(minutes=4))
    while acknowledgements.process_one(sqlite, waits, now + timedelta(minutes=5)):
        pass

    with open_session(sqlite) as session:
        recipients = {mail.recipient for mail in session.exec(select(OutgoingMail))}
    assert recipients == {"jo@example.org", "mary@ardenshire.example"}


@pytest.mark.parametrize(
    ("confirmed", "free"),
    [
        ("10:00:00", "10:05:00"),
        ("23:49:59", "23:54:59"),
        ("23:52:00", "23:55:00"),
        ("23:57:00", "23:57:00"),
    ],
)
def test_nothing_waits_over_midnight(confirmed: str, free: str, settings: Settings) -> None:
    waits = waiting(settings, 5)
    at, until = (datetime.fromisoformat(f"2026-03-04T{time}+00:00") for time in (confirmed, free))
    second = timedelta(seconds=1)

    assert held_until(at, waits) == until
    assert free_since(until, waits) >= at
    assert until == at or free_since(until - second, waits) < at
