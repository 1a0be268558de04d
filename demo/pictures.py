"""`make pictures`: takes the documents' pictures of the desk from a demonstration of its own. Needs Chromium."""

import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import typer
from playwright.sync_api import Page, sync_playwright

from demo.council import HOST, Ports
from demo.folder import open_folder
from demo.running import run

PICTURES = Path("docs/pictures")
PORTS = Ports(8790, 8791, 8792, 8793)
DESK = f"http://{HOST}:{PORTS.desk}"
CASES = 50
SUBJECT = "Pothole outside"
WAIT_SECONDS = 180
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, _demonstration(Path(name)), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        _sign_in(page, open_folder(Path(name)).secret("desk-password", 0).read_text().strip())
        _take(page, "queue")
        page.get_by_role("link", name=SUBJECT).first.click()
        _take(page, "case")
        address = page.url
        page.get_by_role("button", name="Confirm and stay").click()
        page.goto(address)
        _take(page, "confirmed")
        phone = chromium.new_page(viewport={"width": 390, "height": 844}, storage_state=page.context.storage_state())
        phone.goto(DESK)
        _take(phone, "queue-on-a-phone")
        chromium.close()


@contextmanager
def _demonstration(data: Path) -> Iterator[None]:
    """A demonstration that has filed and suggested most of its messages."""
    stop = threading.Event()
    arguments = (Path("config.yaml"), data, PORTS, 0.05, lambda _line: None, stop)
    thread = threading.Thread(target=run, args=arguments)
    thread.start()
    try:
        _wait_for_suggestions(open_folder(data).database)
        yield
    finally:
        stop.set()
        thread.join()


def _wait_for_suggestions(database: Path) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        try:
            with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
                if connection.execute("SELECT count(*) FROM suggestion").fetchone()[0] >= CASES:
                    return
        except sqlite3.OperationalError:
            pass  # no tables yet
        time.sleep(0.2)
    raise typer.Exit(1)


def _sign_in(page: Page, password: str) -> None:
    page.goto(DESK)
    page.get_by_label("Email address").fill("officer@ardenshire.example")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def _take(page: Page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png", full_page=False)
    typer.echo(f"{PICTURES / name}.png")


if __name__ == "__main__":
    main()
