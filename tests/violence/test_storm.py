"""The short form of the storm; benchmarks/violence.py is the long one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.council import Council, found_council
from tests.servers import dovecot
from tests.servers.imap_server import PASSWORD_VARIABLE, ImapServer
from tests.servers.smtp_sink import SmtpSink, smtp_sink
from tests.violence.aftermath import damage
from tests.violence.storm import Force, Storm

FORCE = Force(messages=200, seconds=10, kills=4)


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with smtp_sink() as server:
        yield server


@pytest.fixture
def imap(monkeypatch: pytest.MonkeyPatch) -> Iterator[ImapServer | None]:
    """Dovecot; without it all mail comes by SMTP."""
    if not dovecot.is_installed():
        assert not os.environ.get("CI"), dovecot.HOW_TO_INSTALL
        yield None
        return
    with dovecot.dovecot_server() as server:
        monkeypatch.setenv(PASSWORD_VARIABLE, server.password)
        yield server


@pytest.fixture
def council(tmp_path: Path, database_url: str, sink: SmtpSink, imap: ImapServer | None) -> Iterator[Council]:
    mailbox = imap.mailbox_settings() | {"deadline_seconds": 2} if imap else None
    founded = found_council(tmp_path, database_url=database_url, outgoing_port=sink.port, mailbox=mailbox)
    yield founded
    founded.engine.dispose()


@pytest.mark.timeout(240)
def test_nothing_is_lost_and_nothing_is_double_whatever_is_killed_when(
    council: Council, imap: ImapServer | None, sink: SmtpSink, tmp_path: Path
) -> None:
    storm = Storm(council, imap, FORCE, tmp_path / "errors.log")
    storm.rage(patience=100)
    assert damage(storm, sink.received) == []
    assert set(storm.kills.values()) == {FORCE.kills}
