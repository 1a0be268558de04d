"""Two officers at one case in a real browser."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, expect

from postroom.desk.cookies import SESSION
from postroom.desk.sessions import begin_session
from postroom.models.database import open_session
from tests.desk.casework import Desk
from tests.desk.conftest import Visitor, officer_id
from tests.desk.mailroom import Mailroom
from tests.servers.desk import serve

pytestmark = pytest.mark.browser


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with serve(app) as address:
        yield address


def test_who_writes_is_told_within_a_minute_what_a_colleague_did_and_loses_no_word(
    browser: Browser, url: str, mailroom: Mailroom, charlie: Visitor, now: datetime
) -> None:
    reference = Desk(mailroom, now).open()
    with open_session(mailroom.engine) as session:
        token = begin_session(session, officer_id("alice"), settings=mailroom.settings.desk, now=now)
        session.commit()
    context = browser.new_context()
    context.add_cookies([{"name": SESSION, "value": token, "url": url}])
    page = context.new_page()
    page.clock.install()
    with page.expect_response("**/presence"):
        page.goto(f"{url}/cases/{reference}/points/new")
    page.get_by_label("What is the point?").fill("Nobody calls back")
    charlie.page(f"/cases/{reference}")
    charlie.post(f"/cases/{reference}/points/new", text="The light is out")
    with page.expect_response("**/presence"):
        page.clock.run_for(61_000)

    expect(page.get_by_text("Charlie has this open too.")).to_be_visible()
    expect(page.get_by_text(f"Charlie changed this case today at {now:%H:%M}: Point 1 noted.")).to_be_visible()
    page.get_by_role("button", name="Add the point").click()
    expect(page.get_by_role("alert")).to_contain_text(f"Charlie changed {reference}")
    expect(page.get_by_label("What is the point?")).to_have_value("Nobody calls back")
    context.close()
