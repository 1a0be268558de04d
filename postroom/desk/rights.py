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
MOST_FIELDS = 100
NUL = "\x00"
LARGEST_ID = 2**31 - 1
"""No row has a greater number, and no database is to be asked for one."""
SHOWS_NOTHING = "/cases/{reference}/presence"
"""Says each minute that a page is still open; what it showed is recorded already."""


class Right(Enum):
    """What somebody must be, or be allowed to see, for a route. `ROLES` says which roles have it."""

    ANYBODY = "Open the door"
    PAST_PASSWORD = "Finish signing in"  # noqa: S105 - no password
    SIGNED_IN = "Use the desk"
    SEE_CASE = "Look at the cases that they may see"
    WORK_ON_CASE = "Work on the cases that they may see"
    WORK = "Work on several cases at once, and undo"
    SEE_MAIL = "Look at the holding pen, machine mail and the outbox"
    SORT_MAIL = "Sort held mail, and try to send mail again"
    AUDIT = "Look at what was done at the desk, and at who looked at sealed cases"
    ADMINISTER = "Look after officers, models and the desk"


SORTERS = (Role.CUSTOMER_RELATIONS, Role.ADMINISTRATOR)
LOOK_ONLY = (Role.ADMINISTRATOR, Role.AUDITOR)
"""They may change no case."""

ROLES: Mapping[Right, frozenset[Role]] = {
    Right.ANYBODY: frozenset(Role),
    Right.PAST_PASSWORD: frozenset(Role),
    Right.SIGNED_IN: frozenset(Role),
    Right.SEE_CASE: frozenset(Role),
    Right.WORK_ON_CASE: frozenset(Role) - frozenset(LOOK_ONLY),
    Right.WORK: frozenset(Role) - frozenset(LOOK_ONLY),
    Right.SEE_MAIL: frozenset((*SORTERS, Role.AUDITOR)),
    Right.SORT_MAIL: frozenset(SORTERS),
    Right.AUDIT: frozenset((Role.ADMINISTRATOR, Role.AUDITOR)),
    Right.ADMINISTER: frozenset((Role.ADMINISTRATOR,)),
}
"""Which roles have which right. `ANYBODY` needs no role at all."""


class NotSignedIn(Exception):
    """Nobody is signed in, and the page needs somebody."""


async def posted(request: Request) -> Mapping[str, str]:
    """The fields of a posted form; empty for other requests. Files are refused, and NUL, which no person types and not
    every database takes, is left out."""
    if request.method != "POST":
        return {}
    form = await request.form(max_files=0, max_fields=MOST_FIELDS)
    return {name: value.replace(NUL, "") for name, value in form.items() if isinstance(value, str)}


Form = Annotated[Mapping[str, str], Depends(posted)]


def authorise(request: Request, desk: Desk, form: Form) -> None:
    """Check the right of the route that was asked for, and the form's token where something is posted.

    A case that somebody may not see does not exist for them (404). Looking at a sealed case is recorded, also where
    what is shown answers a form. Who still owes the second factor is nobody yet, but for the pages that ask for it.
    """
    _check_address(request)
    visitor = signed_in(desk.engine, read_cookie(request, SESSION), settings=desk.settings, now=desk.now())
    request.state.visitor = None if visitor is None or visitor.waits_for else visitor
    request.state.known = visitor
    check(request, desk, form, visitor)


def check(request: Request, desk: Surroundings, form: Mapping[str, str], visitor: SignedIn | None) -> None:
    """Raise `NotSignedIn`, or `HTTPException` 403 or 404, where `visitor` may not have what the request asks for."""
    right = right_of(request)
    if right is Right.ANYBODY:
        _check_form(request, form, read_cookie(request, FORM))
        return
    if visitor is None or (visitor.waits_for and right is not Right.PAST_PASSWORD):
        raise NotSignedIn
    _check_form(request, form, visitor.csrf_token)
    if right in (Right.SEE_CASE, Right.WORK_ON_CASE):
        _find_visible(request, desk, visitor)
    if not has(visitor, right):
        raise HTTPException(403)


def right_of(request: Request) -> Right:
    """The right of the route that answers `request`; a route that the table forgot is closed to everybody."""
    rights: Mapping[tuple[str, str], Right] = request.app.state.rights
    right = rights.get((request.method, request.scope["route"].path))
    if right is None:
        raise HTTPException(403)
    return right


async def somebody(request: Request) -> SignedIn:
    """Whom `authorise` found, in the views of routes that need somebody."""
    visitor: SignedIn | None = getattr(request.state, "known", None)
    if visitor is None:
        raise NotSignedIn
    return visitor


Visitor = Annotated[SignedIn, Depends(somebody)]


def has(visitor: SignedIn, right: Right) -> bool:
    """Whether their role has a right."""
    return visitor.role in ROLES[right]


def works_on_cases(visitor: SignedIn) -> bool:
    """Whether they may change the cases that they see. An administrator and an auditor only look."""
    return has(visitor, Right.WORK_ON_CASE)


def _check_address(request: Request) -> None:
    """Whether a database can be asked for what the address names."""
    if any(NUL in value for value in (*request.path_params.values(), *request.query_params.values())):
        raise HTTPException(422)
    numbers = [value for value in request.path_params.values() if value.isdecimal()]
    if any(len(number) > len(str(LARGEST_ID)) or int(number) > LARGEST_ID for number in numbers):
        raise HTTPException(404)


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
    if sealed and request.scope["route"].path != SHOWS_NOTHING:
        with open_session(desk.engine) as session:
            session.add(SealedView(case_id=case_id, officer_id=visitor.officer_id, at=desk.now()))
            session.commit()
