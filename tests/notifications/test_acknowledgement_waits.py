"""An acknowledgement may wait, so that a confirmation can be taken back before anything is out."""

from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import select

from postroom.casework import cases
from postroom.casework.labels import Labels
from postroom.models.database import open_session
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications import acknowledgements
from tests.desk.conftest import add_people, officer_id
from tests.desk.mailroom import Mailroom

HIGHWAYS = Labels("service_request", "highways", "fix_problem")


def test_the_letter_waits_and_is_not_written_for_what_was_taken_back(
    sqlite: Engine, settings: Settings, now: datetime
) -> None:
    outgoing = settings.outgoing.model_copy(update={"acknowledgement_minutes": 2})
    waits = settings.model_copy(update={"outgoing": outgoing})
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
