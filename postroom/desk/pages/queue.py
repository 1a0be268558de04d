"""The lists of cases."""

from fastapi import Request, Response

from postroom.desk.pages.numbers import Number
from postroom.desk.queries import queue
from postroom.desk.queries.sight import find_visible
from postroom.desk.rendering import go_to, page, pagination
from postroom.desk.rights import Visitor
from postroom.desk.surroundings import Desk


def show_queue(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """What awaits confirmation."""
    found = queue.waiting(desk.engine, visitor, desk.settings, number)
    return page(
        request,
        "queue.html",
        heading="Awaiting confirmation",
        waiting=found,
        counts=queue.counts(desk.engine, visitor, desk.settings, desk.today()),
        pagination=pagination(found, "/"),
    )


def show_open_cases(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """Open cases by the date on which something is due."""
    found = queue.open_cases(desk.engine, visitor, desk.settings, number)
    return page(
        request,
        "open-cases.html",
        heading="Open cases",
        cases=found,
        pagination=pagination(found, "/open-cases"),
    )


def show_new_messages(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """Confirmed cases with messages that nobody has read, the longest waiting first."""
    found = queue.with_new_messages(desk.engine, visitor, desk.settings, number)
    return page(
        request,
        "new-messages.html",
        heading="New messages on cases",
        cases=found,
        pagination=pagination(found, "/new-messages"),
    )


def show_closed_cases(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """Closed cases, the last closed first."""
    found = queue.closed_cases(desk.engine, visitor, desk.settings, number)
    return page(
        request,
        "closed-cases.html",
        heading="Closed cases",
        cases=found,
        pagination=pagination(found, "/closed-cases"),
    )


def find_case(request: Request, desk: Desk, visitor: Visitor, reference: str = "") -> Response:
    """Go to the case with this reference, however it was typed."""
    wanted = "".join(reference.split()).upper()
    if find_visible(desk.engine, wanted, visitor, desk.settings) is not None:
        return go_to(f"/cases/{wanted}")
    return page(request, "find.html", 404, heading="No such case", wanted=reference.strip()[:40])
