"""A mail that takes too long is understood by its headers, in time."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from postroom.intake.parse import TOOK_TOO_LONG, parse
from postroom.intake.parse_in_time import parse_in_time
from tests.intake.mails import mail

LARGE = mail("Nobody has emptied our bins.\n" * 3000)


def children() -> list[int]:
    """The processes that this one started."""
    listed = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
    return [int(process) for process in listed]


def test_a_large_mail_says_the_same_as_when_parsed_here() -> None:
    assert parse_in_time(LARGE) == parse(LARGE)


def test_a_mail_that_takes_too_long_is_understood_by_its_headers() -> None:
    began = time.monotonic()
    parsed = parse_in_time(LARGE + b"x" * 5_000_000, seconds=0.001)
    assert time.monotonic() - began < 5
    assert (parsed.subject, parsed.sender.email, parsed.text) == ("The bins", "pat.smith@home.example", "")
    assert parsed.defects[0] == TOOK_TOO_LONG
    assert parse_in_time(LARGE) == parse(LARGE)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the process through /proc")
def test_a_process_that_was_killed_is_replaced() -> None:
    parse_in_time(LARGE)
    for process in children():
        if b"parse_in_time" in Path(f"/proc/{process}/cmdline").read_bytes():
            os.kill(process, signal.SIGKILL)
    assert parse_in_time(LARGE).defects[0] == TOOK_TOO_LONG
    assert parse_in_time(LARGE) == parse(LARGE)


def test_threads_do_not_get_each_others_mail() -> None:
    mails = [mail(f"Mail {number}\n" * 4000, Subject=f"Mail {number}") for number in range(4)]
    subjects: dict[int, str] = {}

    def read(number: int) -> None:
        for _ in range(3):
            subjects[number] = parse_in_time(mails[number]).subject

    threads = [threading.Thread(target=read, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert subjects == {number: f"Mail {number}" for number in range(4)}
