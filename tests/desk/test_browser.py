"""The desk in a real browser."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from postroom.casework.labels import Labels
from postroom.models.raw_message import FilingState, HeldBecause
from tests.desk.conftest import PASSWORD, officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom
from tests.servers.desk import serve

pytestmark = pytest.mark.browser

HIGHWAYS = Labels("service_request", "highways", "fix_problem")


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with serve(app) as address:
        yield address


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_an_officer_signs_in_and_confirms_a_case(page: Page, url: str, mailroom: Mailroom, now: datetime) -> None:
    first = mailroom.case(now, HIGHWAYS_REQUEST, subject="Pothole on Mill Lane")
    second = mailroom.case(now, HIGHWAYS_REQUEST, subject="Street light out")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))

    page.goto(url)
    page.get_by_label("Email address").fill("alice@ardenshire.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Pothole on Mill Lane").click()
    expect(page.get_by_role("heading", name=first)).to_be_visible()
    page.get_by_label("Category").select_option(label="Provide service")
    page.get_by_role("button", name="Confirm", exact=True).click()

    expect(page.get_by_role("heading", name=second)).to_be_visible()
    expect(page.get_by_role("alert")).to_contain_text(f"{first} is confirmed.")
    assert complaints == [], "the content security policy refused something"
    page.goto(f"{url}/cases/{first}")
    expect(page.get_by_role("definition").filter(has_text="Service request: provide service")).to_be_visible()


def test_with_scripts_only_the_categories_of_the_type_are_offered(
    browser: Browser, url: str, mailroom: Mailroom, now: datetime
) -> None:
    reference = mailroom.case(now, HIGHWAYS_REQUEST)
    page = browser.new_page()
    page.goto(f"{url}/cases/{reference}")
    page.get_by_label("Email address").fill("alice@ardenshire.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_label("Type").select_option("compliment")

    expect(page.get_by_label("Category")).to_have_value("none")
    offered = page.locator("select[name=category] optgroup:not([disabled])")
    expect(offered).to_have_count(1)
    expect(offered).to_have_attribute("label", "Compliment")
    page.close()


def test_held_messages_are_decided_about_one_by_one_and_several_at_once(
    page: Page, url: str, mailroom: Mailroom, now: datetime
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"), subject="Pothole on Mill Lane")
    mailroom.raw(
        now,
        sender="Sam Park <sam@example.org>",
        subject=f"Re: {reference}",
        state=FilingState.HELD,
        held_because=HeldBecause.DOUBTFUL_SENDER,
        proposed_case_id=mailroom.case_id(reference),
    )
    for subject in ("Cheap watches", "Cheap bags", "Really a person"):
        mailroom.raw(now, subject=subject, state=FilingState.HELD, held_because=HeldBecause.LIKELY_MACHINE)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))

    page.goto(f"{url}/holding-pen")
    page.get_by_label("Email address").fill("alice@ardenshire.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=f"Put on {reference}").click()
    expect(page.get_by_role("alert")).to_contain_text(f"The message is now on {reference}.")
    for subject in ("Cheap watches", "Cheap bags"):
        page.get_by_role("checkbox", name=f"Choose {subject}").check()
    page.get_by_role("button", name="Do that").click()

    expect(page.get_by_role("alert")).to_contain_text("Messages marked as spam: 2.")
    expect(page.get_by_role("heading", level=3)).to_have_text(["Really a person"])
    assert page.evaluate("document.documentElement.scrollWidth") == 390, "a phone must scroll sideways"
    assert complaints == [], "the content security policy refused something"
