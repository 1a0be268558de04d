"""Cases that are opened together are as they would be each by itself."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, event
from sqlmodel import select

from postroom.casework.history import broken_histories
from postroom.casework.opening import open_cases
from postroom.models.case import Case, CaseStatus, Event, Person
from postroom.models.database import open_session
from postroom.models.message import OPENED, Message
from postroom.models.settings import Settings

NEW_YEAR = datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, 0, 1, tzinfo=UTC)


@pytest.fixture
def open_all(engine: Engine, settings: Settings, now: datetime) -> Callable[..., list[Case]]:
    """A function that opens cases for messages together, and returns them in the messages' order."""

    def open_them(*messages: Message) -> list[Case]:
        with open_session(engine) as session:
            session.add_all(messages)
            open_cases(session, messages, settings=settings, now=now)
            session.commit()
        with open_session(engine) as session:
            return [session.get_one(Case, session.get_one(Message, each.id).case_id) for each in messages]

    return open_them


def test_each_message_has_its_own_case_with_the_next_references(
    new_message: Callable[..., Message], open_all: Callable[..., list[Case]], engine: Engine
) -> None:
    messages = [new_message() for _ in range(3)]
    cases = open_all(*messages)
    assert [case.reference for case in cases] == ["AR-2026-000001", "AR-2026-000002", "AR-2026-000003"]
    assert {case.status for case in cases} == {CaseStatus.AWAITING}
    assert {message.matched_by for message in messages} == {OPENED}
    with open_session(engine) as session:
        found = session.exec(select(Event.case_id, Event.number, Event.kind, Event.after)).all()
        assert [(case, number, kind, after["message"]) for case, number, kind, after in found] == [
            (case.id, 1, "opened", message.id) for case, message in zip(cases, messages, strict=True)
        ]
        assert list(broken_histories(session)) == []


def test_who_writes_twice_is_one_person_and_known_the_next_time(
    new_message: Callable[..., Message], open_all: Callable[..., list[Case]], engine: Engine
) -> None:
    first, other, again, unknown = open_all(
        new_message(sender="pat@home.example"),
        new_message(sender="sam@home.example"),
        new_message(sender="Pat@Home.example"),
        new_message(sender=""),
    )
    (later,) = open_all(new_message(sender="pat@home.example"))
    assert first.person_id == again.person_id == later.person_id != other.person_id
    assert unknown.person_id is None
    with open_session(engine) as session:
        assert len(session.exec(select(Person)).all()) == 2


def test_each_reference_is_of_the_year_in_which_its_message_came(
    new_message: Callable[..., Message], open_all: Callable[..., list[Case]]
) -> None:
    old, new = NEW_YEAR
    cases = open_all(new_message(old), new_message(new), new_message(old))
    assert [case.reference for case in cases] == ["AR-2026-000001", "AR-2027-000001", "AR-2026-000002"]


def test_many_cases_take_no_more_statements_than_few(
    new_message: Callable[..., Message], open_all: Callable[..., list[Case]], engine: Engine
) -> None:
    few, many = ([new_message(sender=f"{n}-{k}@home.example") for k in range(n)] for n in (2, 20))
    statements: list[str] = []

    @event.listens_for(engine, "before_execute")
    def count(_connection: object, statement: object, *_: object) -> None:
        statements.append(str(statement))

    open_all(*few)
    of_few = len([each for each in statements if not each.startswith("SELECT")])
    statements.clear()
    open_all(*many)
    assert len([each for each in statements if not each.startswith("SELECT")]) == of_few
