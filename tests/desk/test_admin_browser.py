"""Signing in and the administrators' pages in a real browser, at the width of a small telephone."""

from collections.abc import Iterator

import pyotp
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from tests.desk.conftest import PASSWORD, Clock
from tests.desk.test_admin import PAGES
from tests.servers.axe import faults
from tests.servers.desk import serve

pytestmark = pytest.mark.browser


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with serve(app) as address:
        yield address


def open_page(browser: Browser, *, scripts: bool) -> Page:
    return browser.new_context(java_script_enabled=scripts, viewport={"width": 320, "height": 800}).new_page()


def sign_in(page: Page, url: str, name: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/sign-in")
    page.get_by_label("Email address").fill(f"{name}@ardenshire.example")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def check(page: Page, complaints: list[str]) -> None:
    assert faults(page) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") == 320, f"{page.url} must scroll sideways"
    assert complaints == [], page.url


def test_every_page_about_people_can_be_read_by_everybody(browser: Browser, url: str) -> None:
    page, complaints = open_page(browser, scripts=True), list[str]()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    for path in ("/sign-in", "/forgotten-password"):
        page.goto(url + path)
        check(page, complaints)
    sign_in(page, url, "dora", "a wrong password")
    assert faults(page) == []
    complaints.clear()  # a browser notes that the form came back with 422
    sign_in(page, url, "dora")
    for path in ("/account", "/account/password", "/second-factor", *PAGES):
        page.goto(url + path)
        check(page, complaints)
    page.context.close()


def test_without_scripts_a_second_factor_is_set_up_and_asked_for(browser: Browser, url: str, clock: Clock) -> None:
    page = open_page(browser, scripts=False)
    sign_in(page, url, "alice")
    page.goto(f"{url}/second-factor")
    expect(page.locator(".desk-qr svg")).to_be_visible()
    totp = pyotp.TOTP(page.locator(".desk-secret").inner_text().replace(" ", ""))
    page.get_by_label("Code").fill(totp.at(clock.now))
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("heading", name="Keep your recovery codes")).to_be_visible()
    page.get_by_role("button", name="I have kept them").click()
    page.get_by_role("button", name="Sign out").click()

    clock.forward(seconds=30)
    sign_in(page, url, "alice")
    page.get_by_label("Code").fill(totp.at(clock.now))
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Awaiting confirmation")).to_be_visible()
    page.context.close()


def test_without_scripts_an_administrator_adds_an_officer(browser: Browser, url: str) -> None:
    page = open_page(browser, scripts=False)
    sign_in(page, url, "dora")
    page.goto(f"{url}/admin/officers/new")
    page.get_by_role("textbox", name="Name", exact=True).fill("Erin Marsh")
    page.get_by_label("Email address").fill("erin@ardenshire.example")
    page.get_by_label("Investigator").check()
    page.get_by_label("Team").select_option(label="Libraries")
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_role("alert")).to_contain_text("The officer is added.")
    expect(page.get_by_role("heading", name="Erin Marsh")).to_be_visible()
    page.context.close()
