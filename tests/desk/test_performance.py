from datetime import datetime

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser

from postroom.casework.labels import Labels
from tests.desk.conftest import PASSWORD, Clock, Enter, officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom
from tests.servers.axe import faults
from tests.servers.desk import serve

HIGHWAYS = Labels("complaint", "highways", "service_standards")
CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")


def test_what_is_late_stands_by_team_with_the_dates_that_were_kept(
    enter: Enter, mailroom: Mailroom, now: datetime, clock: Clock
) -> None:
    mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    clock.forward(days=20)
    page = enter("alice").page("/performance")
    [row] = page.tree.xpath("//tr[th[normalize-space()='Highways'] and td[4]]")
    assert [" ".join(cell.text_content().split()) for cell in row.xpath("td")][:3] == ["1", "0", "1"]
    assert "Below target" in page.text
    assert "Complaint 0% of 1" in page.text


def test_nobody_counts_what_they_may_not_see(enter: Enter, mailroom: Mailroom, now: datetime, clock: Clock) -> None:
    mailroom.confirmed(now, CHILDREN, officer_id("alice"))
    clock.forward(days=20)
    assert "No case is open" in enter("charlie").page("/performance").text
    assert "No case is open" in enter("alice").page("/performance").text
    assert "Complaint 0% of 1" in enter("bob").page("/performance").text


def test_suggestions_are_measured_beside_what_was_decided(enter: Enter, mailroom: Mailroom, now: datetime) -> None:
    labels = Labels("service_request", "highways", HIGHWAYS_REQUEST["category"])
    mailroom.confirmed(now, labels, officer_id("alice"), suggested=HIGHWAYS_REQUEST)
    assert "Type right 100% 1 of 1" in enter("alice").page("/performance").text


@pytest.mark.browser
def test_figures_hold_to_wcag_on_a_phone(
    app: FastAPI, browser: Browser, mailroom: Mailroom, now: datetime, clock: Clock
) -> None:
    mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    clock.forward(days=20)
    with serve(app) as url:
        page = browser.new_page(viewport={"width": 320, "height": 640})
        page.goto(f"{url}/performance")
        page.get_by_label("Email address").fill("alice@ardenshire.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        found = faults(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.close()
    assert found == []
