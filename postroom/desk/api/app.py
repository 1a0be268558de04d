"""The API as an application of its own, which the desk mounts. Its description is at /api/v1/openapi.json."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from postroom.desk.api import cases, reports
from postroom.desk.api.bodies import SmallBodies
from postroom.desk.api.values import Problem
from postroom.desk.surroundings import Surroundings
from postroom.models.failures import ImpossibleMove, NotFound, PostroomError, Temporary

PATH = "/api/v1"

_STATUS: tuple[tuple[type[PostroomError], int], ...] = ((ImpossibleMove, 409), (NotFound, 404), (Temporary, 409))
_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body is not JSON"},
    401: {"model": Problem, "description": "No token that holds"},
    403: {"model": Problem, "description": "The token, or its officer, may not"},
    404: {"model": Problem, "description": "Nothing there that the token's officer may see"},
    409: {"model": Problem, "description": "The case does not allow it, or has changed meanwhile"},
    413: {"model": Problem, "description": "The body is too large"},
}


def create_api(surroundings: Surroundings) -> FastAPI:
    """The API over one desk's surroundings."""
    api = FastAPI(
        title=f"Postroom of {surroundings.settings.council.name}",
        version="1",
        description="Cases, messages, suggestions, decisions and reports, by the rights of a token's officer.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=_RESPONSES,
    )
    api.state.surroundings = surroundings
    for room in (cases, reports):
        api.include_router(room.router)
    api.add_middleware(SmallBodies)
    for kind, status in _STATUS:
        api.add_exception_handler(kind, _answer(status))
    return api


def _answer(status: int) -> Any:
    def answer(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status)

    return answer
