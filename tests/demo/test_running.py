"""The whole demonstration as people run it."""

import signal
import subprocess

from demo.council import Ports
from demo.folder import Folder
from demo.letters import Route, letters
from postroom.processes import listen
from tests.demo.conftest import Demonstration, Starter
from tests.desk.conftest import Page
from tests.waiting import wait_for

CASES = "SELECT count(*) FROM feedback_case"
DELIVERIES = "SELECT count(*) FROM raw_message"
DUPLICATES = "SELECT count(*) FROM filing WHERE state = 'duplicate'"
WAITING = "SELECT count(*) FROM filing WHERE state = 'waiting'"
ALERTS = "SELECT count(*) FROM outgoing_mail WHERE state = 'sent'"
UNDERPASS = "SELECT count(*) FROM message WHERE subject = 'Flooded underpass'"


def test_what_has_not_come_in_yet_comes_in_when_it_is_run_again_and_nothing_comes_twice(start: Starter) -> None:
    first = start(every=0.3)
    greeting = first.heard()
    first.wait_until(CASES, 3)
    assert first.stop(signal.SIGINT) == ""

    again = start()
    again.heard()
    twice = [letter for letter in letters() if letter.route == Route.BOTH]
    again.wait_until(DELIVERIES, len(letters()) + len(twice))
    paste(greeting)
    again.wait_until(UNDERPASS, 1)
    wait_for(lambda: again.count(WAITING) == 0, "every message to be filed")
    assert again.count(DUPLICATES) == len(twice)
    assert again.count(DELIVERIES) == len(letters()) + len(twice) + 1
    reads_the_desk(again)
    assert again.stop(signal.SIGTERM) == ""


def paste(greeting: list[str]) -> None:
    """Run the line that the greeting gives to paste, in a shell."""
    line = next(line for line in greeting if line.startswith("python3 -c"))
    subprocess.run(["sh", "-c", line], check=True, timeout=20)


def reads_the_desk(demonstration: Demonstration) -> None:
    """The officer finds a case, and the mails that were sent."""
    demonstration.wait_until(ALERTS, 1)
    with demonstration.browser() as browser:
        demonstration.sign_in(browser, "officer")
        assert Page(browser.get("/")).links("/cases/AR-")
        sent = Page(browser.get("/sent-mail"))
        assert "duty@ardenshire.example" in sent.text
        mail = Page(browser.get(sent.links("/sent-mail?")[0]))
        assert "Somebody may be at risk" in mail.text
        assert "X-RcptTo" in mail.text


def test_it_stops_well_where_the_terminal_is_closed_while_it_is_still_starting(start: Starter, folder: Folder) -> None:
    demonstration = start()
    wait_for(folder.database.exists, "the database")
    demonstration.stop(signal.SIGHUP)


def test_a_port_in_use_ends_it_with_one_line_that_names_the_setting(start: Starter, ports: Ports) -> None:
    assert ports.desk is not None
    with listen("127.0.0.1", ports.desk, ""):
        refused = start()
        _, errors = refused.process.communicate(timeout=60)
    assert refused.process.returncode == 1
    assert errors.startswith("demo: desk.port (or --desk-port): can't listen on 127.0.0.1 port ")
    assert errors.count("\n") == 1
