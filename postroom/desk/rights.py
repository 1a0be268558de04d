"""Who may do what. Each route has one right (the table is in `routes.py`); each request passes `authorise` first."""

import hmac
from collections.abc import Mapping
from enum import Enum
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from postroom.desk.cookies import FORM, SESSION, read_cookie
from postroom.desk.queries.sight import find_visible
from postroom.desk.sessions import SignedIn, signed_in
from postroom.desk.surroundings import Desk, Surroundings
from postroom.models.database import open_session
from postroom.models.officer import Role, SealedView

CSRF_FIELD = "csrf_token"
MOST_FIELDS = 30


class Right(Enum):
    """What somebody must be, or be allowed to see, for a route."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"
    SORT_MAIL = "customer relations or an administrator"
    SEE_CASE = "may see the case that the path names"
    WORK_ON_CASE = "may see the case that the path names, and is no administrator"


SORTERS = (Role.CUSTOMER_RELATIONS, Role.ADMINISTRATOR)


class NotSignedIn(Exception):
    """Nobody is signed in, and the page needs somebody."""


async def posted(request: Request) -> Mapping[str, str]:
    """The fields of a posted form; empty for other requests. Files are refused."""
    if request.method != "POST":
        return {}
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    return {name: value for name, value in form.items() if isinstance(value, str)}


Form = Annotated[Mapping[str, str], Depends(posted)]


def authorise(request: Request, desk: Desk, form: Form) -> SignedIn | None:
    """Check the right of the route that was asked for, and the form's token where something is posted.

    A case that somebody may not see does not exist for them (404). Looking at a sealed case is recorded.
    """
    right = right_of(request)
    visitor = signed_in(desk.engine, read_cookie(request, SESSION), settings=desk.settings.desk, now=desk.now())
    request.state.visitor = visitor
    if right is Right.ANYBODY:
        _check_form(request, form, read_cookie(request, FORM))
        return visitor
    if visitor is None:
        raise NotSignedIn
    _check_form(request, form, visitor.csrf_token)
    if right is Right.SORT_MAIL and visitor.role not in SORTERS:
        raise HTTPException(403)
    if right in (Right.SEE_CASE, Right.WORK_ON_CASE):
        _find_visible(request, desk, visitor)
    if right is Right.WORK_ON_CASE and not works_on_cases(visitor):
        raise HTTPException(403)
    return visitor


def right_of(request: Request) -> Right:
    """The right of the route that answers `request`; a route that the table forgot is closed to everybody."""
    rights: Mapping[tuple[str, str], Right] = request.app.state.rights
    right = rights.get((request.method, request.scope["route"].path))
    if right is None:
        raise HTTPException(403)
    return right


def somebody(visitor: Annotated[SignedIn | None, Depends(authorise)]) -> SignedIn:
    """Who is signed in, in the views of routes that need somebody."""
    if visitor is None:
        raise NotSignedIn
    return visitor


Visitor = Annotated[SignedIn, Depends(somebody)]


def works_on_cases(visitor: SignedIn) -> bool:
    """Whether they may change the cases that they see. An administrator only looks."""
    return visitor.role != Role.ADMINISTRATOR


def _check_form(request: Request, form: Mapping[str, str], expected: str) -> None:
    if request.method == "POST" and not (
        expected and hmac.compare_digest(form.get(CSRF_FIELD, "").encode(), expected.encode())
    ):
        raise HTTPException(403)


def _find_visible(request: Request, desk: Surroundings, visitor: SignedIn) -> None:
    found = find_visible(desk.engine, request.path_params["reference"], visitor, desk.settings)
    if found is None:
        raise HTTPException(404)
    case_id, sealed = found
    if sealed and request.method == "GET":
        with open_session(desk.engine) as session:
            session.add(SealedView(case_id=case_id, officer_id=visitor.officer_id, at=desk.now()))
            session.commit()
