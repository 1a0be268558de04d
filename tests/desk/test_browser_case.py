"""A case and its forms in a real browser: by keyboard alone, and on paper."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from postroom.casework import cases
from postroom.desk.cookies import SESSION
from postroom.desk.sessions import begin_session
from postroom.models.database import open_session
from tests.desk.casework import COMPLAINT, Desk
from tests.desk.conftest import officer_id
from tests.desk.mailroom import Mailroom
from tests.servers.desk import serve

pytestmark = pytest.mark.browser


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with serve(app) as address:
        yield address


@pytest.fixture
def token(mailroom: Mailroom, now: datetime) -> str:
    """Of Alice's session."""
    with open_session(mailroom.engine) as session:
        token = begin_session(session, officer_id("alice"), settings=mailroom.settings.desk, now=now)
        session.commit()
    return token


@pytest.fixture
def page(browser: Browser, url: str, token: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 800})
    context.add_cookies([{"name": SESSION, "value": token, "url": url}])
    yield context.new_page()
    context.close()


def test_a_case_is_answered_by_keyboard_alone(page: Page, url: str, mailroom: Mailroom, now: datetime) -> None:
    desk = Desk(mailroom, now)
    reference = desk.make(_acknowledge, desk.open())
    page.goto(f"{url}/cases/{reference}")

    def reach(name: str, role: str = "link") -> None:
        """Press Tab until the focus is there."""
        wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
        for _ in range(80):
            page.keyboard.press("Tab")
            if wanted.evaluate("element => element === document.activeElement"):
                return
        pytest.fail(f"no Tab leads to {name}")

    reach("Write the response", "button")
    page.keyboard.press("Enter")
    reach("Outcome", "combobox")
    page.keyboard.press("u")
    reach("Go on to the letter", "button")
    page.keyboard.press("Enter")
    reach("Letter", "textbox")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(page.get_by_label("Letter").input_value().replace("[Write here what", "We found what"))
    reach("Look at it", "button")
    page.keyboard.press("Enter")
    reach("Send it and record the response", "button")
    page.keyboard.press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("the letter is on its way")


def test_on_paper_the_case_is_whole_and_nothing_is_to_press(
    page: Page, url: str, mailroom: Mailroom, now: datetime
) -> None:
    reference = mailroom.confirmed(now, COMPLAINT, officer_id("alice"), quoted="> Dear Jo")
    mailroom.letter(now, reference, text="Dear Jo,\n\nwe have your complaint.")
    page.goto(f"{url}/cases/{reference}")
    expect(page.get_by_text("we have your complaint.")).to_be_hidden()
    page.emulate_media(media="print")

    for hidden in ("navigation", "button", "textbox"):
        expect(page.get_by_role(hidden)).to_have_count(0)  # type: ignore[arg-type]
    expect(page.get_by_text("> Dear Jo")).to_be_visible()
    expect(page.get_by_text("we have your complaint.")).to_be_visible()


def _acknowledge(session: object, id_: int, *, officer_id: int, **given: object) -> None:
    cases.acknowledge(session, id_, actor=cases.officer(officer_id), how="by letter", **given)  # type: ignore[arg-type]
