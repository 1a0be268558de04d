"""Large content is written and read in pieces, and is the same."""

from datetime import datetime

import pytest
from sqlalchemy import Engine, inspect
from sqlmodel import select

from postroom.intake.receive import Delivery, receive
from postroom.models.database import open_session
from postroom.models.large_content import WHOLE, read_content
from postroom.models.raw_message import RawMessage


@pytest.mark.parametrize("size", [0, 5, WHOLE - 1, WHOLE, WHOLE + 1, 3 * WHOLE + 7])
def test_content_of_any_size_comes_back_as_it_went_in(engine: Engine, now: datetime, size: int) -> None:
    content = (b"0123456789\x00\xff" * (size // 12 + 1))[:size]
    first, second = receive(
        engine, [Delivery("smtp", "1", "email", content), Delivery("smtp", "2", "email", bytearray(content))], now
    )
    with engine.connect() as connection:
        assert read_content(connection, first) == content
        assert read_content(connection, second) == content
    with open_session(engine) as session:
        assert [bytes(stored) for stored in session.exec(select(RawMessage.content))] == [content, content]


def test_a_large_delivery_that_comes_again_changes_nothing(engine: Engine, now: datetime) -> None:
    (number,) = receive(engine, [Delivery("smtp", "1", "email", b"a" * 2 * WHOLE)], now)
    assert receive(engine, [Delivery("smtp", "1", "email", b"b" * 2 * WHOLE)], now) == [number]
    with engine.connect() as connection:
        assert read_content(connection, number)[:1] == b"a"


def test_content_is_the_last_column_so_that_room_for_it_takes_no_memory(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        assert [column["name"] for column in inspect(engine).get_columns("raw_message")][-1] == "content"
