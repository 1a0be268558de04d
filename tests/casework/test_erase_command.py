"""Erasing a person as somebody at a terminal does it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from postroom.casework import cases
from postroom.models.database import open_session
from postroom.models.message import Message
from postroom.models.raw_message import RawMessage
from postroom.processes import utc_now
from tests.commands import postroom
from tests.journeys.council import Council, found_council
from tests.servers.ports import free_port

ALICE = "alice@ardenshire.example"


@pytest.fixture
def council(tmp_path: Path) -> Iterator[Council]:
    founded = found_council(tmp_path, database_url="sqlite:///postroom.db", outgoing_port=free_port(), mailbox=None)
    yield founded
    founded.engine.dispose()


def comment_of_pat(council: Council) -> int:
    """A confirmed comment; returns the case's id."""
    now = utc_now() - timedelta(days=1)
    with open_session(council.engine) as session:
        raw = RawMessage(
            source="smtp", position="1", channel="email", received_at=now, digest="1", size=1, content=b"."
        )
        session.add(raw)
        session.flush()
        assert raw.id is not None
        message = Message(
            raw_message_id=raw.id,
            channel="email",
            received_at=now,
            sender_email="pat@home.example",
            sender_name="Pat Smith",
            content_digest="1",
        )
        session.add(message)
        session.flush()
        case = cases.open_case(session, message, settings=council.settings, now=now)
        labels = cases.Labels("comment", "highways")
        assert case.id is not None
        cases.confirm(session, case.id, labels, officer_id=1, settings=council.settings, now=now)
        session.commit()
        return case.id


def erase(council: Council, email: str, by: str = ALICE, stdin: str = "") -> tuple[int, str]:
    done = postroom("erase-person", email, "--by", by, "--config", str(council.config), stdin=stdin)
    return done.returncode, done.stdout + done.stderr


def test_it_asks_first_and_says_what_stands_in_the_way(council: Council) -> None:
    case_id = comment_of_pat(council)
    code, said = erase(council, "nobody@home.example")
    assert (code, "Nobody is known by the address nobody@home.example" in said) == (1, True)
    code, said = erase(council, "pat@home.example", stdin="n\n")
    assert (code, "Pat Smith: AR-" in said) == (1, True)
    code, said = erase(council, "pat@home.example", stdin="y\n")
    assert (code, "Close AR-" in said) == (1, True)
    with open_session(council.engine) as session:
        cases.close(session, case_id, reason="noted", actor="officer:1", settings=council.settings, now=utc_now())
        session.commit()
    code, said = erase(council, "Pat@home.example", stdin="y\n")
    assert (code, "Erased." in said) == (0, True)
    assert postroom("verify-history", "--config", str(council.config)).returncode == 0
    assert erase(council, "pat@home.example")[0] == 1
