"""Saved views: a list with filters, under a name that an officer gives it."""

from fastapi import HTTPException, Request, Response

from postroom.desk.filters import Filters
from postroom.desk.queries.views import remove_view, save_view
from postroom.desk.rendering import go_to, page
from postroom.desk.rights import Form, Visitor
from postroom.desk.surroundings import Desk
from postroom.models.failures import ImpossibleMove

LISTS = ("/", "/open-cases")


def save(request: Request, desk: Desk, visitor: Visitor, form: Form) -> Response:
    """Keep a list with the filters that stand in the form."""
    path = _list_of(form)
    filters = Filters.of(form)
    try:
        save_view(desk.engine, visitor.officer_id, form.get("name", ""), path, filters, desk.now())
    except ImpossibleMove as refused:
        return page(request, "error.html", 422, heading="The view is not saved", advice=str(refused))
    return _back(path, filters, "view-saved")


def remove(desk: Desk, visitor: Visitor, form: Form, view_id: int) -> Response:
    """Forget a view of one's own."""
    if not remove_view(desk.engine, visitor.officer_id, view_id):
        raise HTTPException(404)
    return _back(_list_of(form), Filters(), "view-removed")


def _list_of(form: Form) -> str:
    path = form.get("path", "")
    return path if path in LISTS else LISTS[0]


def _back(path: str, filters: Filters, done: str) -> Response:
    return go_to(path, done, **filters.in_address)
