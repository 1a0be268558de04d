"""Praise reaches the managers of the team that it is about."""

from datetime import datetime, timedelta

from sqlalchemy import Engine

from postroom.models.database import open_session
from postroom.models.officer import Role
from postroom.models.outgoing_mail import OutgoingMail
from postroom.models.settings import Settings
from postroom.notifications.passing_on import WITHIN
from postroom.notifications.scheduler import sweep
from tests.notifications.conftest import COMPLAINT, COMPLIMENT, Desk, on_sqlite
from tests.notifications.reading import read, text_of
from tests.notifications.together import both

LATER = timedelta(hours=2)
"""After the confirmation can't be undone any more."""
WORDS = {"text": "Lily found my book.\n> quoted", "new_text": "Lily found my book."}


def notices(desk: Desk) -> list[OutgoingMail]:
    return [mail for mail in desk.outbox() if mail.kind == "notice"]


def test_each_manager_of_the_team_is_told_once_with_the_words(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    for name, role, team, active in (
        ("Mary", Role.MANAGER, "libraries", True),
        ("Mark", Role.MANAGER, "libraries", True),
        ("Gone", Role.MANAGER, "libraries", False),
        ("Olive", Role.OFFICER, "libraries", True),
        ("Hugh", Role.MANAGER, "highways", True),
    ):
        desk.officer(name, role, (team,), active)
    case_id = desk.confirmed(now, COMPLIMENT, **WORDS)
    sweep(engine, settings, now + LATER)
    sweep(engine, settings, now + LATER)
    told = notices(desk)
    assert [mail.recipient for mail in told] == ["mary@ardenshire.example", "mark@ardenshire.example"]
    assert "Lily found my book." in text_of(told[0])
    assert "quoted" not in text_of(told[0])
    assert f"/cases/{desk.case(case_id).reference}" in text_of(told[0])
    assert read(told[0])["Auto-Submitted"] == "auto-generated"


@on_sqlite
def test_a_sealed_case_is_passed_on_without_its_words(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.officer("Mary", teams=("libraries",))
    case_id = desk.confirmed(now, COMPLIMENT, **WORDS)
    with open_session(engine) as session:
        session.add(desk.case(case_id).sqlmodel_update({"sealed": True}))
        session.commit()
    sweep(engine, settings, now + LATER)
    assert "Lily" not in notices(desk)[0].content.decode()


@on_sqlite
def test_no_complaint_is_passed_on(engine: Engine, settings: Settings, now: datetime, desk: Desk) -> None:
    desk.officer("Mary", teams=("school-transport",))
    desk.confirmed(now, COMPLAINT, **WORDS)
    sweep(engine, settings, now + LATER)
    assert notices(desk) == []


@on_sqlite
def test_a_team_that_gets_its_manager_in_time_is_told_and_a_late_one_is_not(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.confirmed(now, COMPLIMENT, **WORDS)
    sweep(engine, settings, now + LATER)
    desk.officer("Mary", teams=("libraries",))
    sweep(engine, settings, now + WITHIN + timedelta(hours=2))
    assert notices(desk) == []
    sweep(engine, settings, now + WITHIN)
    assert len(notices(desk)) == 1


def test_two_workers_at_once_tell_each_manager_once(
    engine: Engine, settings: Settings, now: datetime, desk: Desk
) -> None:
    desk.officer("Mary", teams=("libraries",))
    desk.confirmed(now, COMPLIMENT, may_answer=False, **WORDS)
    both(lambda: sweep(engine, settings, now + LATER))
    assert len(notices(desk)) == 1
