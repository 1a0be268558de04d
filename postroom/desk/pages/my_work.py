"""What waits for one officer by name."""

from fastapi import Request, Response

from postroom.desk.filters import Filters
from postroom.desk.pages.numbers import Number
from postroom.desk.queries import my_work, queue
from postroom.desk.rendering import page, pagination
from postroom.desk.rights import Visitor, works_on_cases
from postroom.desk.surroundings import Desk

_MINE = Filters(mine=True)


def show_my_work(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """Notes that name the visitor, letters that they began, what they are to do, and the open cases they work on."""
    days = queue.Days.of(desk.today(), desk.calendar)
    cases = queue.open_cases(desk.engine, visitor, desk.settings, number, days, _MINE)
    return page(
        request,
        "my-work.html",
        heading="My work",
        work=my_work.my_work(desk.engine, visitor, desk.settings),
        cases=cases,
        works=works_on_cases(visitor),
        pagination=pagination(cases, "/my-work"),
    )
