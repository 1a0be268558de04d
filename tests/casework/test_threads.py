"""What officers decide about which case a message is on."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from postroom.casework.cases import add_message, confirm, first_message, reopen
from postroom.casework.history import broken_histories
from postroom.casework.labels import Labels
from postroom.casework.threads import mark_read, merge, move_message, move_to_new_case
from postroom.models.case import Case, CaseStatus, Deadline, DeadlineState, Event
from postroom.models.database import open_session
from postroom.models.failures import ImpossibleMove, NotFound
from postroom.models.message import Message
from postroom.models.settings import Settings

COMPLAINT = Labels("complaint", "highways", "service_standards")
SEALED = Labels("complaint", "childrens-nuneaton", "communication")


@pytest.fixture
def bus(new_case: Callable[..., Case]) -> Case:
    return new_case()


@pytest.fixture
def light(new_case: Callable[..., Case]) -> Case:
    return new_case()


@pytest.fixture
def further(engine: Engine, bus: Case, new_message: Callable[..., Message], now: datetime) -> int:
    """A message that came to the wrong case, from before any other."""
    message = new_message(now - timedelta(days=3))
    with open_session(engine) as session:
        session.add(message)
        add_message(session, bus.id or 0, message, rule="references", now=now)
        session.commit()
        assert message.id is not None
        return message.id


def confirmed(engine: Engine, case: Case, settings: Settings, officer_id: int, now: datetime, labels: Labels) -> None:
    with open_session(engine) as session:
        confirm(session, case.id or 0, labels, officer_id=officer_id, settings=settings, now=now)
        session.commit()


def events(engine: Engine, case: Case) -> list[str]:
    with open_session(engine) as session:
        assert list(broken_histories(session)) == []
        return list(session.exec(select(Event.kind).where(Event.case_id == case.id).order_by(col(Event.number))))


def test_a_moved_message_writes_on_both_cases_and_never_becomes_the_first(
    engine: Engine, bus: Case, light: Case, further: int, officer_id: int, now: datetime
) -> None:
    with open_session(engine) as session:
        opened_by = first_message(session, light).id
        move_message(session, further, bus.id or 0, light.id or 0, officer_id=officer_id, now=now)
        session.commit()
        assert session.get_one(Message, further).case_id == light.id
        assert first_message(session, light).id == opened_by
    assert events(engine, bus) == ["opened", "message added", "message moved"]
    assert events(engine, light) == ["opened", "message added"]


def test_a_message_opens_a_case_of_its_own(
    engine: Engine, bus: Case, further: int, officer_id: int, settings: Settings, now: datetime
) -> None:
    with open_session(engine) as session:
        opened = move_to_new_case(session, further, bus.id or 0, officer_id=officer_id, settings=settings, now=now)
        session.commit()
        assert (opened.status, first_message(session, opened).id) == (CaseStatus.AWAITING, further)
    assert events(engine, bus) == ["opened", "message added", "message moved", "linked"]
    assert events(engine, opened) == ["opened", "linked"]


def test_what_opened_a_case_stays_and_what_is_not_there_is_not_found(
    engine: Engine, bus: Case, light: Case, further: int, officer_id: int, now: datetime
) -> None:
    with open_session(engine) as session:
        opening = first_message(session, bus).id or 0
        with pytest.raises(ImpossibleMove, match="opened the case"):
            move_message(session, opening, bus.id or 0, light.id or 0, officer_id=officer_id, now=now)
        with pytest.raises(ImpossibleMove, match="already"):
            move_message(session, further, bus.id or 0, bus.id or 0, officer_id=officer_id, now=now)
        with pytest.raises(NotFound):
            move_message(session, further, light.id or 0, bus.id or 0, officer_id=officer_id, now=now)


def test_a_message_to_a_confirmed_case_is_to_be_read_once(
    engine: Engine,
    bus: Case,
    new_message: Callable[..., Message],
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> None:
    confirmed(engine, bus, settings, officer_id, now, COMPLAINT)
    person, machine = new_message(), new_message(machine="auto_reply")
    with open_session(engine) as session:
        for message in (person, machine):
            session.add(message)
            add_message(session, bus.id or 0, message, rule="references", now=now)
        assert (person.to_read, machine.to_read) == (True, False)
        mark_read(session, bus.id or 0, officer_id=officer_id, now=now)
        assert person.to_read is False
        with pytest.raises(ImpossibleMove, match="read already"):
            mark_read(session, bus.id or 0, officer_id=officer_id, now=now)
        session.commit()
    assert events(engine, bus)[-1] == "messages read"


def test_a_merged_case_is_closed_and_counted_and_its_later_mail_goes_to_the_other(
    engine: Engine,
    bus: Case,
    light: Case,
    new_message: Callable[..., Message],
    officer_id: int,
    settings: Settings,
    now: datetime,
) -> None:
    for case in (bus, light):
        confirmed(engine, case, settings, officer_id, now, COMPLAINT)
    message = new_message()
    with open_session(engine) as session:
        merge(session, bus.id or 0, light.id or 0, officer_id=officer_id, now=now)
        merged = session.get_one(Case, bus.id)
        assert (merged.status, merged.merged_into_id, merged.closed_at) == (CaseStatus.CLOSED, light.id, now)
        states = session.exec(select(Deadline.state).where(Deadline.case_id == bus.id)).all()
        assert set(states) == {DeadlineState.CANCELLED}
        session.add(message)
        add_message(session, bus.id or 0, message, rule="references", now=now)
        assert message.case_id == light.id
        with pytest.raises(ImpossibleMove, match="part of another"):
            reopen(session, bus.id or 0, reason="x", officer_id=officer_id, settings=settings, now=now)
        with pytest.raises(ImpossibleMove, match="itself"):
            merge(session, light.id or 0, bus.id or 0, officer_id=officer_id, now=now)
        session.commit()
    assert events(engine, bus)[-1] == "merged"
    assert events(engine, light)[-2:] == ["merged with", "message added"]


def test_cases_are_merged_into_confirmed_ones_and_sealed_ones_stay_sealed(
    engine: Engine, bus: Case, light: Case, officer_id: int, settings: Settings, now: datetime
) -> None:
    with open_session(engine) as session, pytest.raises(ImpossibleMove, match="Confirm"):
        merge(session, bus.id or 0, light.id or 0, officer_id=officer_id, now=now)
    confirmed(engine, light, settings, officer_id, now, SEALED)
    with open_session(engine) as session:
        merge(session, bus.id or 0, light.id or 0, officer_id=officer_id, now=now)
        merged = session.get_one(Case, bus.id)
        assert (merged.team, merged.sealed) == ("childrens-nuneaton", True)
        session.rollback()
    confirmed(engine, bus, settings, officer_id, now, COMPLAINT)
    with open_session(engine) as session, pytest.raises(ImpossibleMove, match="sealed"):
        merge(session, bus.id or 0, light.id or 0, officer_id=officer_id, now=now)
