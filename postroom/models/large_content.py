"""Large content of raw messages, in pieces: SQLite makes two copies more of a value that is handed over whole, and of
room for one that is not in the table's last column.
"""

from typing import Any

from sqlalchemy import Connection, func, select

from postroom.models.tables import metadata

WHOLE = 1_048_576
"""Bytes that are handed over at once."""

_RAW_MESSAGES = metadata.tables["raw_message"]


def goes_in_pieces(connection: Connection, size: int) -> bool:
    """Whether content of `size` bytes is better written and read in pieces. PostgreSQL takes it whole."""
    return connection.dialect.name == "sqlite" and size > WHOLE


def write_content(connection: Connection, raw_message_id: int, content: bytes | bytearray) -> None:
    """Write the content of a row that was inserted in the same transaction without any."""
    made = {"content": func.zeroblob(len(content))}
    connection.execute(_RAW_MESSAGES.update().where(_RAW_MESSAGES.c.id == raw_message_id).values(made))
    with _opened(connection, raw_message_id) as blob, memoryview(content) as view:
        for begin in range(0, len(content), WHOLE):
            blob.write(view[begin : begin + WHOLE])


def read_content(connection: Connection, raw_message_id: int) -> bytes:
    """The content of a row."""
    query = select(_RAW_MESSAGES.c.size).where(_RAW_MESSAGES.c.id == raw_message_id)
    if goes_in_pieces(connection, connection.execute(query).scalar_one()):
        with _opened(connection, raw_message_id) as blob:
            return bytes(blob.read())
    query = select(_RAW_MESSAGES.c.content).where(_RAW_MESSAGES.c.id == raw_message_id)
    return bytes(connection.execute(query).scalar_one())


def _opened(connection: Connection, raw_message_id: int) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.blobopen("raw_message", "content", raw_message_id)
