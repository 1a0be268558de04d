"""A case and its forms in a real browser: by keyboard, on a phone, without scripts, and on paper."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from postroom.casework import cases
from postroom.desk.cookies import SESSION
from postroom.desk.sessions import begin_session
from postroom.models.database import open_session
from tests.desk.casework import Desk
from tests.desk.conftest import officer_id
from tests.desk.mailroom import Mailroom
from tests.servers.axe import faults
from tests.servers.desk import serve

pytestmark = pytest.mark.browser

NARROW = 320


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


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(browser: Browser, request: pytest.FixtureRequest, url: str, token: str) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param, viewport={"width": NARROW, "height": 800})
    context.add_cookies([{"name": SESSION, "value": token, "url": url}])
    yield context.new_page()
    context.close()


@pytest.fixture
def full_case(mailroom: Mailroom, now: datetime) -> str:
    """A case with something of everything."""
    desk = Desk(mailroom, now)
    desk.contact_restricted()
    reference = desk.with_points()
    desk.make(cases.answer_element, reference, desk.item(reference), outcome="upheld", answer="It is mended.")
    desk.make(cases.add_note, reference, "@alice look", mentions=[1])
    desk.make(cases.want_consent, reference, whose="the mother's")
    desk.make(cases.refer_to_ombudsman, reference, referred_on=now.date())
    mailroom.letter(now, reference)
    further = mailroom.message(now, text="It flickers again.", quoted="> Dear Jo", attachment=("photo.jpg", b"x"))
    with open_session(mailroom.engine) as session:
        session.add(further)
        cases.add_message(session, mailroom.case_id(reference), further, rule="references", now=now)
        session.commit()
    return reference


def test_nothing_on_the_pages_of_a_case_keeps_anybody_out(page: Page, url: str, full_case: str) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))

    def check() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW, f"{page.url} scrolls sideways"
        if page.locator("body.js-enabled").count():  # axe-core is a script itself
            assert faults(page) == [], page.url

    for path in ("", "/person", "/correction", "/closure", "/points/1/outcome"):
        page.goto(f"{url}/cases/{full_case}{path}")
        check()
    page.get_by_role("button", name="Save the answer").click()
    page.goto(f"{url}/cases/{full_case}/actions/new")
    page.get_by_role("button", name="Add the action").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what is to be done")
    check()
    page.goto(f"{url}/cases/{full_case}/letters/new/consent")
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", name="As it will be read")).to_be_visible()
    check()
    assert [each for each in complaints if "422" not in each] == []


def test_a_case_is_answered_by_keyboard_alone(page: Page, url: str, mailroom: Mailroom, now: datetime) -> None:
    desk = Desk(mailroom, now)
    reference = desk.make(_acknowledge, desk.open())
    page.goto(f"{url}/cases/{reference}")

    def reach(name: str, role: str = "link") -> None:
        """Press Tab until the focus is there."""
        wanted = page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]
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


def test_on_paper_the_case_is_whole_and_nothing_is_to_press(page: Page, url: str, full_case: str) -> None:
    page.goto(f"{url}/cases/{full_case}")
    page.emulate_media(media="print")

    for hidden in ("navigation", "button", "textbox"):
        expect(page.get_by_role(hidden)).to_have_count(0)  # type: ignore[arg-type]
    expect(page.get_by_text("> Dear Jo")).to_be_visible()


def _acknowledge(session: object, id_: int, *, officer_id: int, **given: object) -> None:
    cases.acknowledge(session, id_, actor=cases.officer(officer_id), how="by letter", **given)  # type: ignore[arg-type]
