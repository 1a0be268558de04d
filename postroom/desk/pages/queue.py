"""The lists of cases."""

from fastapi import Request, Response

from postroom.desk.filters import Filters
from postroom.desk.pages.numbers import Number
from postroom.desk.queries import queue, waiting
from postroom.desk.queries.pace import pace
from postroom.desk.queries.views import views_of
from postroom.desk.rendering import go_to, page, pagination
from postroom.desk.rights import Visitor, works_on_cases
from postroom.desk.surroundings import Desk


def show_queue(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """What awaits confirmation."""
    filters = Filters.of(request.query_params)
    found = waiting.queue(desk.engine, visitor, desk.settings, desk.calendar)
    rows = waiting.rows_of(desk.engine, found.matching(filters), number, visitor, desk.now())
    return page(
        request,
        "queue.html",
        heading="Awaiting confirmation",
        waiting=rows,
        queue=found,
        facets=found.facets(filters),
        filters=filters,
        views=[(view, found.count(view.filters)) for view in views_of(desk.engine, visitor.officer_id, "/")],
        counts=queue.counts(desk.engine, visitor, desk.settings, desk.today()),
        pace=pace(desk.engine, visitor.officer_id, desk.now()),
        works=works_on_cases(visitor),
        pagination=pagination(rows, "/", **filters.in_address),
    )


def work_through(request: Request, desk: Desk, visitor: Visitor) -> Response:
    """To the first case that awaits confirmation and fits the filters."""
    filters = Filters.of(request.query_params)
    first = waiting.queue(desk.engine, visitor, desk.settings, desk.calendar).after("", filters)
    return go_to(f"/cases/{first}" if first else "/", **filters.in_address)


def show_open_cases(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """Open cases by the date on which something is due."""
    filters = Filters.of(request.query_params)
    days = queue.Days.of(desk.today(), desk.calendar)
    found = queue.open_cases(desk.engine, visitor, desk.settings, number, days, filters)
    return page(
        request,
        "open-cases.html",
        heading="Open cases",
        cases=found,
        filters=filters,
        facets=queue.open_facets(desk.engine, visitor, desk.settings, days),
        views=views_of(desk.engine, visitor.officer_id, "/open-cases"),
        pagination=pagination(found, "/open-cases", **filters.in_address),
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
