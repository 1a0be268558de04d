"""The queue and the page of a new message in a real browser: by keyboard alone, and followed live."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import Engine

from postroom.desk.cookies import SESSION
from postroom.desk.sessions import begin_session
from postroom.models.database import open_session
from postroom.models.settings import Settings
from tests.desk.conftest import officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom
from tests.servers.axe import faults
from tests.servers.browser import press
from tests.servers.desk import serve

pytestmark = pytest.mark.browser


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with serve(app) as address:
        yield address


@pytest.fixture
def context(browser: Browser, url: str, sqlite: Engine, settings: Settings, now: datetime) -> Iterator[BrowserContext]:
    """Alice's browser, on a narrow screen: 320 pixels are 1280 at a zoom of 400%."""
    with open_session(sqlite) as session:
        token = begin_session(session, officer_id("alice"), settings=settings.desk, now=now)
        session.commit()
    context = browser.new_context(viewport={"width": 320, "height": 800})
    context.add_cookies([{"name": SESSION, "value": token, "url": url}])
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def test_messages_are_confirmed_by_keyboard_alone(page: Page, url: str, mailroom: Mailroom, now: datetime) -> None:
    first = mailroom.case(now, HIGHWAYS_REQUEST, subject="First")
    second = mailroom.case(now, HIGHWAYS_REQUEST, subject="Second")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(url)

    press(page, "j")
    press(page, "j")
    press(page, "k")
    press(page, "o")
    expect(page.get_by_role("heading", name=first)).to_be_visible()
    press(page, "m")
    page.keyboard.type("libr")
    expect(page.get_by_label("Team", exact=True)).to_have_value("libraries")
    press(page, "Enter")
    expect(page.get_by_role("button", name="Confirm", exact=True)).to_be_focused()
    press(page, "c")
    expect(page.get_by_role("heading", name=second)).to_be_visible()
    expect(page.get_by_text(f"{first} is confirmed.")).to_be_visible()
    press(page, "u")
    expect(page.get_by_text(f"Undone: {first} awaits confirmation again.")).to_be_visible()
    press(page, "s")
    expect(page.get_by_role("heading", name=second)).to_be_visible()
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert faults(page) == []
    page.get_by_label("Single keys work on this computer").uncheck()
    press(page, "Escape")
    press(page, "s")
    expect(page.get_by_role("heading", name=second)).to_be_visible()
    assert complaints == [], "the content security policy refused something"


def test_the_queue_follows_what_happens(page: Page, url: str, mailroom: Mailroom, now: datetime) -> None:
    mailroom.case(now, HIGHWAYS_REQUEST, subject="First")
    page.clock.install()
    with page.expect_response("**/pulse"):
        page.goto(url)
    page.get_by_role("link", name="First").focus()
    mailroom.case(now, {**HIGHWAYS_REQUEST, "at_risk": True}, subject="Second")
    page.clock.run_for(16_000)

    expect(page.get_by_role("link", name="Second")).to_be_visible()
    expect(page.get_by_role("link", name="First")).to_be_focused()
    expect(page.locator("#live-status")).to_have_text("A new message has come.")
