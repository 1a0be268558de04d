"""What every request of the API is asked first: whose it is, what for, and which case."""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import Depends, HTTPException, Path
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from postroom.desk.api.tokens import Caller, caller
from postroom.desk.queries.sight import find_visible
from postroom.desk.surroundings import Desk
from postroom.models.database import open_session
from postroom.models.interface import Scope
from postroom.models.officer import SealedView

REFERENCE = r"^[A-Z]{1,6}-\d{4}-\d{6,12}$"
LABEL = r"^[a-z0-9_-]{1,80}$"
"""The ids that a configuration gives to types, categories, teams and exclusions."""

_bearer = HTTPBearer(auto_error=False, description="A token that `postroom add-token` printed.")
Reference = Annotated[str, Path(pattern=REFERENCE, examples=["AR-2026-000123"])]


_EARLIEST, _LATEST = date(1990, 1, 1), date(2100, 1, 1)


def within_reach(day: date) -> date:
    """The nearest day to `day` that councils' records and every database can hold."""
    return min(max(day, _EARLIEST), _LATEST)


def may(scope: Scope) -> Callable[..., Caller]:
    """A dependency that lets a request pass whose token is for `scope`."""

    def check(desk: Desk, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Caller:
        found = (
            caller(desk.engine, given.credentials, settings=desk.settings, now=desk.now())
            if given is not None
            else None
        )
        if found is None:
            raise HTTPException(
                401, "Send a token that holds, as Authorization: Bearer.", {"WWW-Authenticate": "Bearer"}
            )
        if scope not in found.scopes:
            raise HTTPException(403, f"The token is not for {scope}.")
        return found

    return check


def visible_case(reference: str, by: Caller, desk: Desk, *, looks: bool = True) -> int:
    """The id of a case that the caller may see; for others it does not exist. A look at a sealed one is recorded."""
    known = re.match(REFERENCE, reference, re.ASCII)
    found = find_visible(desk.engine, reference, by.officer, desk.settings) if known else None
    if found is None:
        raise HTTPException(404, "There is no such case that the token's officer may see.")
    case_id, sealed = found
    if sealed and looks:
        with open_session(desk.engine) as session:
            session.add(SealedView(case_id=case_id, officer_id=by.officer.officer_id, at=desk.now()))
            session.commit()
    return case_id
