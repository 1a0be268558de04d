"""Finding a case by its reference, its words or who wrote."""

from fastapi import Request, Response

from postroom.desk.filters import Filters
from postroom.desk.pages.numbers import Number
from postroom.desk.queries.search import search
from postroom.desk.queries.sight import find_visible
from postroom.desk.rendering import go_to, page, pagination
from postroom.desk.rights import Visitor
from postroom.desk.surroundings import Desk

LONGEST = 200


def find(request: Request, desk: Desk, visitor: Visitor, words: str = "", number: Number = 1) -> Response:
    """Go to the case with this reference, however it was typed, or list the cases in which the words are found."""
    words = " ".join(words[:LONGEST].split())
    reference = "".join(words.split()).upper()
    if find_visible(desk.engine, reference, visitor, desk.settings) is not None:
        return go_to(f"/cases/{reference}")
    filters = Filters.of(request.query_params)
    found = search(desk.engine, words, filters, number, visitor=visitor, settings=desk.settings, today=desk.today())
    return page(
        request,
        "find.html",
        heading=f"Search for {words}" if words else "Search",
        words=words,
        results=found,
        filters=filters,
        pagination=pagination(found.paged, "/find", words=words, **filters.in_address),
    )
