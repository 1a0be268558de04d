"""Campaigns, and a message that seems to hold two matters."""

from fastapi import Request, Response
from sqlmodel import Session

from postroom.casework import splitting
from postroom.desk.filters import Filters
from postroom.desk.pages.case import case_response
from postroom.desk.pages.moves import try_move
from postroom.desk.pages.numbers import Number
from postroom.desk.queries.campaigns import campaigns, find_campaign, members_page
from postroom.desk.rendering import go_to, page, pagination
from postroom.desk.rights import Form, Visitor
from postroom.desk.surroundings import Desk
from postroom.models.case import Case
from postroom.models.database import open_session

PARTS = {"first": 1, "second": 2}


def show_campaigns(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """What many people sent in nearly the same words."""
    with open_session(desk.engine, read_only=True) as session:
        found = campaigns(session, visitor, desk.settings, number)
    return page(
        request,
        "campaigns.html",
        heading="Campaigns",
        campaigns=found,
        pagination=pagination(found, "/campaigns"),
    )


def show_campaign(request: Request, desk: Desk, visitor: Visitor, campaign_id: int, number: Number = 1) -> Response:
    """One campaign with its messages."""
    with open_session(desk.engine, read_only=True) as session:
        campaign = find_campaign(session, campaign_id, visitor, desk.settings)
        members = members_page(session, campaign_id, visitor, desk.settings, number)
    return page(
        request,
        "campaign.html",
        heading=campaign.subject or "A campaign without a subject",
        campaign=campaign,
        members=members,
        pagination=pagination(members, f"/campaigns/{campaign_id}"),
    )


def settle_matters(request: Request, desk: Desk, visitor: Visitor, form: Form, reference: str) -> Response:
    """One of two matters becomes a case of its own, or both are kept as one."""
    chosen = form.get("part", "")
    made: list[str] = []

    def move(session: Session, case_id: int) -> Case:
        if chosen == "one":
            return splitting.keep_as_one(session, case_id, officer_id=visitor.officer_id, now=desk.now())
        part = PARTS.get(chosen, 0)
        opened = splitting.split_matter(
            session, case_id, part, officer_id=visitor.officer_id, settings=desk.settings, now=desk.now()
        )
        made.append(opened.reference)
        return opened

    problem = try_move(desk, reference, "matters", move)
    if problem:
        return case_response(request, desk, visitor, reference, problem)
    done, about = ("part-split", made[0]) if made else ("one-matter", reference)
    filters = Filters.of({name.removeprefix("queue-"): value for name, value in form.items()})
    return go_to(f"/cases/{reference}", done, about, **filters.in_address)
