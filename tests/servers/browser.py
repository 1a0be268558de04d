"""Debian's Chromium, driven by Playwright. Import the fixture `browser` into a conftest.py."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

HOW_TO_INSTALL = "needs Chromium: apt-get update && apt-get install -y chromium"
WAIT_SECONDS = 30
"""How long a page may take on a machine that does much else; a test that is to fail waits no longer."""

_ARGUMENTS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser. Without Chromium the test is skipped, on CI it fails.

    Its event loop holds the thread for as long as it runs, so it goes with its module: later tests want theirs.
    """
    executable = shutil.which("chromium")
    if executable is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW_TO_INSTALL)
    expect.set_options(timeout=WAIT_SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        yield browser
        browser.close()


def press(page: Page, key: str) -> None:
    """Press a key on a page whose scripts have run: a page's words are there a moment before its shortcuts."""
    page.wait_for_load_state("load")
    page.keyboard.press(key)
