from collections.abc import Callable
from datetime import datetime
from itertools import count

import pytest
from sqlalchemy import Engine

from postroom.casework.opening import open_case
from postroom.models.case import Case
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.officer import Officer, Role
from postroom.models.raw_message import RawMessage
from postroom.models.settings import Settings
from tests.casework.casebook import Casebook


@pytest.fixture
def officer_id(engine: Engine, now: datetime) -> int:
    with open_session(engine) as session:
        alice = Officer(
            email="alice@ardenshire.example",
            name="Alice",
            role=Role.CUSTOMER_RELATIONS,
            password_hash="",
            created_at=now,
        )
        session.add(alice)
        session.commit()
        assert alice.id is not None
        return alice.id


@pytest.fixture
def new_message(engine: Engine, now: datetime) -> Callable[..., Message]:
    """A function that stores a message, as filing would."""
    numbers = count(1)

    def store(received_at: datetime = now, machine: str = "none", sender: str = "pat@home.example") -> Message:
        number = next(numbers)
        with open_session(engine) as session:
            raw = RawMessage(
                source="smtp",
                position=str(number),
                channel="email",
                received_at=received_at,
                digest=str(number),
                size=1,
                content=b".",
            )
            session.add(raw)
            session.flush()
            assert raw.id is not None
            message = Message(
                raw_message_id=raw.id,
                channel="email",
                received_at=received_at,
                sender_email=sender,
                sender_name="Pat",
                subject="The bus",
                content_digest=str(number),
                machine=machine,
            )
            session.add(message)
            session.commit()
            return message

    return store


@pytest.fixture
def new_case(engine: Engine, new_message: Callable[..., Message], settings: Settings) -> Callable[..., Case]:
    """A function that opens a case, as filing would."""

    def open_one(received_at: datetime | None = None) -> Case:
        message = new_message(received_at) if received_at else new_message()
        with open_session(engine) as session:
            session.add(message)
            case = open_case(session, message, settings=settings, now=message.received_at)
            session.commit()
            return case

    return open_one


@pytest.fixture
def book(engine: Engine, settings: Settings, officer_id: int, new_case: Callable[..., Case], now: datetime) -> Casebook:
    with open_session(engine) as session:
        bob, carol = (
            Officer(email=f"{name}@ardenshire.example", name=name, role=role, password_hash="", created_at=now)
            for name, role in (("bob", Role.MANAGER), ("carol", Role.OFFICER))
        )
        session.add_all([bob, carol])
        session.commit()
        assert bob.id is not None
        assert carol.id is not None
        return Casebook(engine, settings, officer_id, bob.id, carol.id, new_case, now)
