"""What every journey starts from: real mail servers, a browser, and a council of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.clock import Clock
from tests.journeys.council import Council, found_council
from tests.servers import dovecot, pymap
from tests.servers.browser import browser
from tests.servers.imap_server import PASSWORD_VARIABLE, ImapServer
from tests.servers.smtp_sink import SmtpSink, smtp_sink

__all__ = ["browser"]


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    """The mail server that our letters go to."""
    with smtp_sink() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["pymap", pytest.param("dovecot", marks=pytest.mark.dovecot)])
def imap(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImapServer]:
    """The mailbox that residents write to: once on pymap, once on Dovecot."""
    if request.param == "dovecot" and not dovecot.is_installed():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(dovecot.HOW_TO_INSTALL)
    with pymap.pymap_server() if request.param == "pymap" else dovecot.dovecot_server() as server:
        monkeypatch.setenv(PASSWORD_VARIABLE, server.password)
        yield server


@pytest.fixture
def council(tmp_path: Path, database_url: str, imap: ImapServer, sink: SmtpSink) -> Iterator[Council]:
    """A council with that mailbox, once on SQLite and once on PostgreSQL."""
    mailbox = imap.mailbox_settings()
    founded = found_council(tmp_path, database_url=database_url, outgoing_port=sink.port, mailbox=mailbox)
    yield founded
    founded.engine.dispose()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()
