"""A poller that was killed lets go of its mailbox soon; one that works keeps it, however long that takes."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from postroom.intake import mailbox_lease
from postroom.intake.mailbox_lease import LEASE, renewed
from postroom.models.mailbox import CursorHold
from tests.intake.conftest import without_table
from tests.intake.polling import Pollers, SetClock, in_background, numbered
from tests.servers.dovecot import Dovecot
from tests.servers.tcp_proxy import tcp_proxy
from tests.waiting import wait_for

HOLDS = """
import sys
from datetime import UTC, datetime
from postroom.intake.mailbox_lease import LEASE, renewed
from postroom.models.database import open_engine
from postroom.models.mailbox import CursorHold
hold = CursorHold(open_engine(sys.argv[1]), "feedback", "INBOX", "the one that is killed")
hold.read()
hold.take(datetime.now(UTC), LEASE)
with renewed(hold, lambda: datetime.now(UTC), 100):
    print("held", flush=True)
    sys.stdin.read()
"""


def holds(engine: Engine, name: str) -> CursorHold:
    hold = CursorHold(engine, "feedback", "INBOX", name)
    hold.read()
    return hold


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> timedelta:
    """A lease that a test can wait for."""
    monkeypatch.setattr(mailbox_lease, "LEASE", timedelta(seconds=0.3))
    return timedelta(seconds=0.3)


def test_a_lease_is_renewed_while_the_block_runs_and_no_longer(
    sqlite: Engine, clock: SetClock, short: timedelta
) -> None:
    ours, theirs = holds(sqlite, "ours"), holds(sqlite, "theirs")
    assert ours.take(clock(), short)
    with renewed(ours, clock, 60):
        for _ in range(3):
            clock.forward(seconds=0.25)
            wait_for(lambda: ours.read().held_until == clock() + short, "the lease to be renewed")
        assert not theirs.take(clock(), short)
    clock.forward(seconds=0.31)
    assert theirs.take(clock(), short)


def test_whoever_hangs_lets_go(sqlite: Engine, clock: SetClock, short: timedelta) -> None:
    ours, theirs = holds(sqlite, "ours"), holds(sqlite, "theirs")
    ours.take(clock(), short)
    with renewed(ours, clock, seconds=0):
        clock.forward(seconds=0.31)
        assert theirs.take(clock(), short)


def test_a_database_that_fails_for_a_moment_costs_no_lease(sqlite: Engine, clock: SetClock, short: timedelta) -> None:
    ours = holds(sqlite, "ours")
    ours.take(clock(), short)
    with renewed(ours, clock, 60):
        with without_table(sqlite, "mailbox_cursor"):
            clock.forward(seconds=0.1)
        wait_for(lambda: ours.read().held_until == clock() + short, "the lease to be renewed")


def test_one_that_is_killed_in_the_middle_of_a_poll_lets_go_within_the_lease(sqlite: Engine) -> None:
    url = sqlite.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        now = datetime.now(UTC)
        assert not holds(sqlite, "next").take(now, LEASE)
        os.kill(process.pid, signal.SIGKILL)
    assert holds(sqlite, "next").take(now + LEASE + timedelta(seconds=1), LEASE)


@pytest.mark.dovecot
def test_a_poll_that_takes_longer_than_the_lease_keeps_its_mailbox(
    pollers: Pollers, dovecot_only: Dovecot, clock: SetClock
) -> None:
    with tcp_proxy(dovecot_only.port) as proxy:
        slow = pollers(dovecot_only.mailbox(port=proxy.port, timeout_seconds=30, idle=False))
        slow.process_one()
        dovecot_only.deliver(numbered(1))
        proxy.stall()
        clock.forward(minutes=1)
        with in_background(slow.process_one):
            wait_for(lambda: pollers.cursor.held_until == clock() + LEASE, "the hold to be taken")
            assert pollers(dovecot_only.mailbox()).process_one() is False
            proxy.flow()
    assert pollers.contents() == [numbered(1)]
