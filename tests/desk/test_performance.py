from datetime import datetime

from postroom.casework.labels import Labels
from tests.desk.conftest import Clock, Enter, officer_id
from tests.desk.mailroom import HIGHWAYS_REQUEST, Mailroom

HIGHWAYS = Labels("complaint", "highways", "service_standards")
CHILDREN = Labels("complaint", "childrens-nuneaton", "communication")


def test_what_is_late_stands_by_team_with_the_dates_that_were_kept(
    enter: Enter, mailroom: Mailroom, now: datetime, clock: Clock
) -> None:
    reference = mailroom.confirmed(now, HIGHWAYS, officer_id("alice"))
    clock.forward(days=20)
    page = enter("alice").page("/performance")
    [row] = page.tree.xpath("//tr[th[normalize-space()='Highways'] and td[4]]")
    assert [" ".join(cell.text_content().split()) for cell in row.xpath("td")][:3] == ["1 late", "0", "1"]
    (late,) = row.xpath("td/a/@href")
    assert reference in enter("alice").page(late).text
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
