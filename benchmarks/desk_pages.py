"""The desk's pages with many cases: time at the server, weight, first paint in Chromium, and the desk's start.

python -m benchmarks.desk_pages [100000 [1000]] [--postgresql] [--keep FOLDER]

So many cases, of which so many (the second number) await confirmation, a tenth of the others are open and the rest
closed; rows are inserted in bulk (`desk_cases.py`), and stay in FOLDER for the next time. Each page is asked for over
the application itself, without a network, and is warm; the start and the first paint are those of a desk in a process
of its own. The processor's time is Postroom's: SQLite's is within it, PostgreSQL's is not. The baseline is the desk's
health page.
"""

import argparse
import gc
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from benchmarks.desk_cases import NOW, TEAMS, fill
from benchmarks.measuring import ROOT, council, folder_of_work
from postroom.desk.app import create_app
from postroom.desk.cookies import SESSION
from postroom.desk.officers import add_officer
from postroom.desk.sessions import begin_session
from postroom.models.database import open_engine, open_session
from postroom.models.officer import Officer, Role
from postroom.models.settings import Settings
from postroom.models.upgrading import upgrade

CASES, AWAITING = 100_000, 1_000
ASKED = 20
PASSWORD = "only for measuring"  # noqa: S105
PORT = 8799
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
    "campaigns": "/campaigns",
    "performance": "/performance",
}


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
def running(url: str) -> Iterator[tuple[float, float]]:
    """The desk in a process of its own; gives the seconds until it answered, and those of the processor."""
    environment = {**os.environ, "POSTROOM_DATABASE__URL": url, "POSTROOM_DESK__PORT": str(PORT)}
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
        yield time.perf_counter() - begin, _processor_seconds(process.pid)
    finally:
        process.terminate()
        process.wait()


def _processor_seconds(process_id: int) -> float:
    """What a process has used so far (Linux)."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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


@contextmanager
def filled(folder: Path, settings: Settings, cases: int, awaiting: int, postgresql: bool) -> Iterator[Settings]:
    """The council with all these cases; those that were there before are taken as they are."""
    with _server(folder / "postgresql") if postgresql else nullcontext(settings.database_url) as url:
        engine = open_engine(url)
        upgrade(engine)
        with open_session(engine) as session:
            there = session.exec(select(Officer.id)).first() is not None
        if not there:
            somebody(engine, settings)
            begin = time.perf_counter()
            fill(engine, cases, awaiting)
            print(f"{cases:,} cases, {awaiting:,} await confirmation ({time.perf_counter() - begin:.0f} s to fill)")
        engine.dispose()
        yield settings.model_copy(update={"database": settings.database.model_copy(update={"url": url})})


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """A PostgreSQL server with its data in `folder`."""
    from pgserver import get_server

    server = get_server(folder, cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


def main(cases: int, awaiting: int, postgresql: bool, keep: Path | None) -> None:
    open_case = -(-(awaiting + 1) // 10) * 10
    while TEAMS[open_case % len(TEAMS)].startswith("childrens"):
        open_case += 10
    with (
        nullcontext(keep) if keep else folder_of_work() as folder,
        filled(folder, council(folder), cases, awaiting, postgresql) as settings,
    ):
        engine = open_engine(settings.database_url)
        gc.freeze()  # as the desk's own process does
        pages(engine, settings, open_case)
        token = signed_in(engine, settings, datetime.now(UTC))
        starts = []
        for turn in range(3):
            with running(settings.database_url) as started:
                starts.append(started)
                if turn == 2 and shutil.which("chromium"):
                    in_chromium(token, open_case)
        print(
            "the desk answers after "
            + ", ".join(f"{clock:.1f} s ({used:.1f} of the processor)" for clock, used in starts)
        )
        engine.dispose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("cases", type=int, nargs="?", default=CASES)
    parser.add_argument("awaiting", type=int, nargs="?", default=AWAITING)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--keep", type=Path)
    main(**vars(parser.parse_args()))
