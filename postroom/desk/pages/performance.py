"""What managers answer for: what is late and due, who has how much, and how it has gone."""

from fastapi import Request, Response

from postroom.desk.queries import performance
from postroom.desk.rendering import page
from postroom.desk.rights import Visitor
from postroom.desk.surroundings import Desk


def show_performance(request: Request, desk: Desk, visitor: Visitor) -> Response:
    """Of the cases that the visitor may see."""
    found = performance.overview(desk.engine, visitor, desk.settings, desk.calendar, desk.today())
    return page(request, "performance.html", heading="Performance", found=found)
