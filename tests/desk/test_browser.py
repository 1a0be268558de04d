"""The desk in a real browser, with scripts and without."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from tests.desk.conftest import PASSWORD
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom
from tests.servers.desk import serve

pytestmark = pytest.mark.browser


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with serve(app) as address:
        yield address


def sign_in(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Email address").fill("alice@ardenshire.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_without_scripts_a_message_is_confirmed_and_answered(
    browser: Browser, url: str, mailroom: Mailroom, now: datetime
) -> None:
    first = mailroom.case(now, HIGHWAYS_REQUEST, subject="Pothole on Mill Lane")
    second = mailroom.case(now, HIGHWAYS_REQUEST, subject="Street light out")
    page = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}).new_page()
    button, alert = (lambda name: page.get_by_role("button", name=name, exact=True)), page.get_by_role("alert")

    sign_in(page, url)
    page.get_by_role("link", name="Pothole on Mill Lane").click()
    page.get_by_label("Type").select_option(label="Complaint")
    page.get_by_label("Category").select_option(label="Service standards")
    button("See the letter that goes out").click()
    expect(page.get_by_role("heading", name="The letter that goes out")).to_be_visible()
    button("Confirm").click()
    expect(page.get_by_role("heading", name=second)).to_be_visible()
    expect(alert).to_contain_text(f"{first} is confirmed.")

    page.goto(f"{url}/cases/{first}")
    button("Write the response").first.click()  # above the timeline, and once more below it
    page.get_by_label("Outcome").select_option(label="Upheld")
    button("Go on to the letter").click()
    letter = page.get_by_label("Letter")
    letter.fill(letter.input_value().replace("[Write here what", "We found what"))
    button("Look at it").click()
    expect(page.get_by_role("heading", name="As it will be read")).to_be_visible()
    button("Send it and record the response").click()
    expect(alert).to_contain_text("the letter is on its way")
    page.context.close()


def test_with_scripts_only_the_categories_of_the_type_are_offered(
    browser: Browser, url: str, mailroom: Mailroom, now: datetime
) -> None:
    page = browser.new_page()
    sign_in(page, f"{url}/cases/{mailroom.case(now, HIGHWAYS_REQUEST)}")

    page.get_by_label("Type").select_option("compliment")

    expect(page.get_by_label("Category")).to_have_value("none")
    offered = page.locator("select[name=category] optgroup:not([disabled])")
    expect(offered).to_have_count(1)
    expect(offered).to_have_attribute("label", "Compliment")
    page.close()
