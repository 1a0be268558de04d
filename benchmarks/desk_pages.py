"""The desk's pages with many cases: time at the server, weight, first paint in Chromium, and the desk's start.

python -m benchmarks.desk_pages [100000 [1000]]

So many cases, of which so many (the second number) await confirmation, a tenth of the others are open and the rest
closed; rows are inserted in bulk. Each page is asked for over the application itself, without a network, and is warm;
the start and the first paint are those of a desk in a process of its own. The baseline is the desk's health page.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from fastapi.testclient import TestClient
from sqlalchemy import Engine, text
from sqlmodel import select

from benchmarks.measuring import ROOT, council, folder_of_work
from postroom.desk.app import create_app
from postroom.desk.cookies import SESSION
from postroom.desk.officers import add_officer
from postroom.desk.sessions import begin_session
from postroom.models.database import open_engine, open_session
from postroom.models.officer import Officer, Role
from postroom.models.settings import Settings
from postroom.models.tables import metadata

CASES, AWAITING = 100_000, 1_000
ASKED = 20
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
PASSWORD = "only for measuring"  # noqa: S105
PORT = 8799
WORDS = "council road pothole library school bus bin letter phone nobody answered again please help light".split()
TYPES = ("complaint", "service_request", "enquiry", "compliment")
TEAMS = ("highways", "libraries", "school-transport", "adult-social-care", "waste", "childrens-nuneaton")
PAGES = {
    "queue": "/",
    "queue, filtered": "/?team=highways&unsure=yes",
    "open cases": "/open-cases",
    "closed cases": "/closed-cases",
    "search, rare words": "/find?words=zebra+crossing",
    "search, a word in all": "/find?words=council",
    "search, a name": "/find?words=resident+4711",
    "new message": "/cases/AR-2026-000001",
    "case": "/cases/AR-2026-{open:06d}",
    "several at once": "/several",
}


def fill(engine: Engine, cases: int, awaiting: int) -> None:
    """Cases with one message of about 600 letters each, its suggestion, and the deadlines of the open ones."""
    tables = metadata.tables
    for start in range(1, cases + 1, 5_000):
        numbers = range(start, min(start + 5_000, cases + 1))
        with engine.begin() as connection:
            for name, row in (
                ("raw_message", _raw),
                ("person", _person),
                ("feedback_case", lambda n: _case(n, awaiting)),
                ("message", _message),
                ("suggestion", _suggestion),
                ("event", _event),
            ):
                connection.execute(tables[name].insert(), [row(n) for n in numbers])
            due = [_deadline(n) for n in numbers if n > awaiting and n % 10 == 0]
            if due:
                connection.execute(tables["deadline"].insert(), due)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def _received(number: int) -> datetime:
    return NOW - timedelta(minutes=3 * number)


def _raw(n: int) -> dict[str, Any]:
    return {"id": n, "source": "smtp", "position": str(n), "channel": "email", "received_at": _received(n),
            "digest": str(n), "size": 1, "content": b"x"}  # fmt: skip


def _person(n: int) -> dict[str, Any]:
    return {"id": n, "name": f"Resident {n}", "created_at": _received(n)}


def _case(n: int, awaiting: int) -> dict[str, Any]:
    team, type_ = TEAMS[n % len(TEAMS)], TYPES[n % len(TYPES)]
    row = {"id": n, "reference": f"AR-2026-{n:06d}", "subject": f"Matter {n}", "channel": "email", "person_id": n,
           "received_at": _received(n), "version": 1}  # fmt: skip
    if n <= awaiting:
        return {**row, "status": "awaiting", "type": "", "initial_type": "", "team": "", "procedure": "", "stage": "",
                "stage_number": 0, "sealed": False, "confirmed_at": None, "closed_at": None}  # fmt: skip
    closed = None if n % 10 == 0 else _received(n) + timedelta(days=5)
    return {**row, "status": "closed" if closed else "open", "type": type_, "initial_type": type_, "team": team,
            "procedure": "corporate", "stage": "stage-1", "stage_number": 1, "sealed": team.startswith("childrens"),
            "confirmed_at": _received(n), "closed_at": closed}  # fmt: skip


def _message(n: int) -> dict[str, Any]:
    words = " ".join(WORDS[(n * 7 + place * place) % len(WORDS)] for place in range(100))
    words = f"council {words}" + (" zebra crossing" if n % 1_000 == 1 else "")
    return {"id": n, "raw_message_id": n, "case_id": n, "channel": "email", "received_at": _received(n),
            "sender_name": f"Resident {n}", "sender_email": f"r{n}@example.org", "subject": f"Matter {n}",
            "text": words, "new_text": words, "message_id": str(n), "content_digest": str(n),
            "matched_by": "new case"}  # fmt: skip


def _suggestion(n: int) -> dict[str, Any]:
    return {"id": n, "message_id": n, "model": "measured", "created_at": _received(n), "type": TYPES[n % len(TYPES)],
            "type_probability": 0.5 + n % 50 / 100, "team": TEAMS[n % len(TEAMS)], "team_probability": 0.9,
            "exclusion": "none", "at_risk": n % 97 == 0, "alternatives": {}, "evidence": [],
            "neighbours": []}  # fmt: skip


def _event(n: int) -> dict[str, Any]:
    return {"case_id": n, "number": 1, "at": _received(n), "actor": "filing", "kind": "opened", "summary": "Opened",
            "before": {}, "after": {}, "previous_hash": "", "hash": str(n)}  # fmt: skip


def _deadline(n: int) -> dict[str, Any]:
    due = NOW.date() + timedelta(days=n % 30 - 3)
    return {"case_id": n, "stage": "stage-1", "step": "respond", "state": "open", "started_at": _received(n),
            "started_by": "received", "limit_days": 10, "due_on": due, "original_due_on": due,
            "working": ""}  # fmt: skip


def somebody(engine: Engine, settings: Settings) -> None:
    with open_session(engine) as session:
        add_officer(session, settings, email="alice@ardenshire.example", name="Alice", role=Role.CUSTOMER_RELATIONS,
                    password=PASSWORD, now=NOW, teams=["customer-relations"])  # fmt: skip
        session.commit()


def signed_in(engine: Engine, settings: Settings, now: datetime) -> str:
    """The token of a session."""
    with open_session(engine) as session:
        officer_id = session.exec(select(Officer.id)).first()
        assert officer_id is not None
        token = begin_session(session, officer_id, settings=settings.desk, now=now)
        session.commit()
    return token


def pages(engine: Engine, settings: Settings, open_case: int) -> None:
    """Server time and weight of each page."""
    client = TestClient(create_app(engine, settings, clock=lambda: NOW))
    client.cookies.set(SESSION, signed_in(engine, settings, NOW))
    base = statistics.median(_times(client, "/health")[0])
    print(f"{'page':<24}{'median ms':>10}{'p95 ms':>9}{'over baseline':>15}{'processor ms':>14}{'KB':>7}", flush=True)
    for name, path in {"health (baseline)": "/health", **PAGES, "asked for news": "/pulse"}.items():
        times, processor, weight = _times(client, path.format(open=open_case))
        times.sort()
        median = statistics.median(times)
        p95 = times[int(len(times) * 0.95)]
        print(
            f"{name:<24}{median:>10.1f}{p95:>9.1f}{median - base:>15.1f}{statistics.median(processor):>14.1f}"
            f"{weight:>7.0f}",
            flush=True,
        )


def _times(client: TestClient, path: str) -> tuple[list[float], list[float], float]:
    """Milliseconds by the clock and of the processor for each request, and the page's kilobytes."""
    client.get(path)
    times, processor = [], []
    for _ in range(ASKED):
        begin, worked = time.perf_counter(), time.process_time()
        answer = client.get(path)
        times.append((time.perf_counter() - begin) * 1000)
        processor.append((time.process_time() - worked) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
    return times, processor, len(answer.content) / 1000


@contextmanager
def running(folder: Path) -> Iterator[float]:
    """The desk in a process of its own; gives the seconds until it answered."""
    environment = {**os.environ, "POSTROOM_DATABASE__URL": f"sqlite:///{folder / 'postroom.db'}",
                   "POSTROOM_DESK__PORT": str(PORT)}  # fmt: skip
    command = [Path(sys.executable).parent / "postroom", "desk"]
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{PORT}/health", timeout=5):
                    break
            except OSError:
                assert time.perf_counter() - begin < 60, "the desk does not start"
                time.sleep(0.02)
        yield time.perf_counter() - begin
    finally:
        process.terminate()
        process.wait()


def in_chromium(token: str, open_case: int) -> None:
    """First paint and all that is loaded, the first time and with what the browser keeps."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--headless"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        context = browser.new_context()
        context.add_cookies([{"name": SESSION, "value": token, "url": f"http://127.0.0.1:{PORT}"}])
        page = context.new_page()
        for name in ("queue", "new message", "case"):
            for turn in ("first", "again"):
                page.goto(f"http://127.0.0.1:{PORT}{PAGES[name].format(open=open_case)}", wait_until="networkidle")
                paint, kilobytes = page.evaluate(
                    "[performance.getEntriesByName('first-contentful-paint')[0].startTime, "
                    "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
                    ".reduce((sum, each) => sum + each.transferSize, 0) / 1000]"
                )
                print(f"{name}, {turn}: first contentful paint {paint:.0f} ms, {kilobytes:.0f} KB over the wire")
        browser.close()


def main(cases: int, awaiting: int) -> None:
    with folder_of_work() as folder:
        settings = council(folder)
        engine = open_engine(settings.database_url)
        somebody(engine, settings)
        begin = time.perf_counter()
        fill(engine, cases, awaiting)
        megabytes = (folder / "postroom.db").stat().st_size / 1e6
        seconds = time.perf_counter() - begin
        print(f"{cases:,} cases, {awaiting:,} await confirmation ({megabytes:,.0f} MB, {seconds:.0f} s to fill)")
        open_case = -(-(awaiting + 1) // 10) * 10
        while TEAMS[open_case % len(TEAMS)].startswith("childrens"):
            open_case += 10
        pages(engine, settings, open_case)
        token = signed_in(engine, settings, datetime.now(UTC))
        starts = []
        for turn in range(3):
            with running(folder) as started:
                starts.append(started)
                if turn == 2 and shutil.which("chromium"):
                    in_chromium(token, open_case)
        print(f"the desk answers after {min(starts):.1f} to {max(starts):.1f} s")
        engine.dispose()


if __name__ == "__main__":
    wanted = [int(number) for number in sys.argv[1:]]
    main(*wanted) if len(wanted) == 2 else main(*wanted, AWAITING) if wanted else main(CASES, AWAITING)
