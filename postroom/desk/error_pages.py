"""Plain pages for what went wrong."""

from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from postroom.desk.headers import secure
from postroom.desk.rendering import page
from postroom.desk.rights import NotSignedIn
from postroom.models.failures import ImpossibleMove, NotFound, Temporary

_PAGES = {
    400: ("That could not be read", "The form was not complete, or was too large. Go back and try again."),
    403: (
        "You can't do that",
        "Your role does not allow it, or the form was open for so long that it is no longer valid. Go back, load the "
        "page again and try once more.",
    ),
    404: (
        "Page not found",
        "There is nothing at this address that you may see. Check the case's reference, or go to the queue.",
    ),
    405: ("You can't do that", "This address takes no such request."),
    422: ("That could not be understood", "Something in the address is not as it should be."),
    500: (
        "Something went wrong",
        "The fault is ours and has been logged. Nothing that was received is lost. Try again in a moment.",
    ),
    503: ("Try again in a moment", "Another part of Postroom was busy. Nothing was changed."),
}


def add_error_pages(app: FastAPI) -> None:
    """Answer every failure with a page of the desk."""
    app.add_exception_handler(NotSignedIn, _to_sign_in)
    app.add_exception_handler(HTTPException, lambda request, error: _error_page(request, _status(error)))
    app.add_exception_handler(RequestValidationError, lambda request, _: _error_page(request, 422))
    app.add_exception_handler(NotFound, lambda request, _: _error_page(request, 404))
    app.add_exception_handler(ImpossibleMove, lambda request, error: _error_page(request, 422, str(error)))
    app.add_exception_handler(Temporary, lambda request, _: _error_page(request, 503))
    app.add_exception_handler(Exception, lambda request, _: _error_page(request, 500))


def _status(error: Exception) -> int:
    return error.status_code if isinstance(error, HTTPException) else 500


def _error_page(request: Request, status: int, detail: str = "") -> Response:
    heading, advice = _PAGES.get(status, _PAGES[500])
    response = page(request, "error.html", status, heading=heading, advice=detail or advice)
    secure(response.headers, request.url.path)  # the page for 500 does not pass the headers' middleware
    return response


def _to_sign_in(request: Request, _: Exception) -> Response:
    """To the form, and from there back to the page that was asked for."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = f"?{urlencode({'next': target})}" if request.method == "GET" and target != "/" else ""
    return RedirectResponse(f"/sign-in{query}", 303)
