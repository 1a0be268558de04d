"""Signing in and out: the password, the second factor, the council's own provider."""

import re
from collections.abc import Callable
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from postroom.desk import provider
from postroom.desk.cookies import FORM, SESSION, drop_cookie, read_cookie, set_cookie
from postroom.desk.pages.visits import came_from
from postroom.desk.rendering import go_to, page
from postroom.desk.rights import Form, Visitor
from postroom.desk.sessions import CODE, end_session, new_token
from postroom.desk.sign_in import REFUSED, WRONG_CODE, Begun, begin, enter_code, sign_in
from postroom.desk.surroundings import Desk
from postroom.models.database import open_session
from postroom.models.failures import Unreachable

_OWN_PATH = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f]*")
_NO_ANSWER = "The council's sign-in does not answer now. Try again in a moment."


def own_path(path: str) -> str:
    """`path` where it leads to this desk, else the queue: nobody is sent on to another site."""
    return path if _OWN_PATH.fullmatch(path) else "/"


def show_sign_in(request: Request, next: str = "/") -> Response:
    """The form; whoever is signed in already goes on."""
    if request.state.visitor is not None:
        return go_to(own_path(next))
    return with_form_cookie(request, lambda token: _form(request, token, next))


def sign_in_with(request: Request, desk: Desk, form: Form) -> Response:
    """Check the password and start a session, which may still wait for the second factor."""
    email, after = form.get("email", ""), own_path(form.get("next", "/"))
    begun = sign_in(
        desk.engine,
        email,
        form.get("password", ""),
        settings=desk.settings,
        now=desk.now(),
        came=came_from(request),
    )
    if begun is None:
        return _form(request, read_cookie(request, FORM), after, email=email, problem=REFUSED, status=422)
    response = _onwards(begun, after)
    set_cookie(request, response, SESSION, begun.token)
    drop_cookie(request, response, FORM)
    return response


def sign_out(request: Request, desk: Desk, visitor: Visitor) -> Response:
    """End the session here and on the server."""
    with open_session(desk.engine) as session:
        end_session(session, visitor.token)
        session.commit()
    response = go_to("/sign-in", "signed-out")
    drop_cookie(request, response, SESSION)
    return response


def show_code(request: Request, visitor: Visitor, next: str = "/") -> Response:
    """Ask for a code of the second factor."""
    if visitor.waits_for != CODE:
        return go_to(own_path(next))
    return _code_form(request, visitor.csrf_token, next)


def sign_in_with_code(request: Request, desk: Desk, visitor: Visitor, form: Form) -> Response:
    """Check the code, and put a whole session in the place of the one that waited."""
    after = own_path(form.get("next", "/"))
    if visitor.waits_for != CODE:
        return go_to(after)
    token = enter_code(
        desk.engine, visitor, form.get("code", ""), settings=desk.settings, now=desk.now(), came=came_from(request)
    )
    if token is None:
        return _code_form(request, visitor.csrf_token, after, WRONG_CODE, 422)
    response = go_to(after)
    set_cookie(request, response, SESSION, token)
    return response


def go_to_provider(request: Request, desk: Desk, next: str = "/") -> Response:
    """Send the browser to the council's own provider."""
    token = read_cookie(request, FORM) or new_token()
    try:
        address = provider.leave(desk.engine, desk.settings, browser=token, after=own_path(next), now=desk.now())
        response: Response = RedirectResponse(address, 303)
    except provider.NotTaken as refused:
        response = _form(request, token, next, problem=str(refused), status=404)
    except Unreachable:
        response = _form(request, token, next, problem=_NO_ANSWER, status=503)
    set_cookie(request, response, FORM, token)
    return response


def back_from_provider(request: Request, desk: Desk) -> Response:
    """Take what the provider says, and start a session."""
    token, now = read_cookie(request, FORM), desk.now()
    try:
        claims, after = provider.come_back(desk.engine, desk.settings, request.query_params, browser=token, now=now)
        with open_session(desk.engine) as session:
            officer = provider.officer_for(session, claims, desk.settings, now)
            came = came_from(request)
            begun = begin(session, officer, settings=desk.settings, now=now, browser=came.browser, by_provider=True)
            session.commit()
    except provider.NotTaken as refused:
        return _form_again(request, str(refused), 422)
    except Unreachable:
        return _form_again(request, _NO_ANSWER, 503)
    response = _onwards(begun, own_path(after))
    set_cookie(request, response, SESSION, begun.token)
    drop_cookie(request, response, FORM)
    return response


def with_form_cookie(request: Request, form: Callable[[str], Response]) -> Response:
    """A page with a form for somebody who is not signed in, and the cookie that protects it."""
    token = read_cookie(request, FORM) or new_token()
    response = form(token)
    set_cookie(request, response, FORM, token)
    return response


def _form_again(request: Request, problem: str, status: int) -> Response:
    return with_form_cookie(request, lambda token: _form(request, token, "/", problem=problem, status=status))


def _onwards(begun: Begun, after: str) -> Response:
    if not begun.waits_for:
        return go_to(after)
    step = "/sign-in/code" if begun.waits_for == CODE else "/second-factor"
    return RedirectResponse(f"{step}?{urlencode({'next': after})}", 303)


def _form(request: Request, token: str, after: str, email: str = "", problem: str = "", status: int = 200) -> Response:
    return page(
        request,
        "sign-in.html",
        status,
        heading="Sign in",
        token=token,
        after=own_path(after),
        email=email,
        problem=problem,
    )


def _code_form(request: Request, token: str, after: str, problem: str = "", status: int = 200) -> Response:
    return page(
        request,
        "sign-in-code.html",
        status,
        heading="Enter your code",
        token=token,
        after=own_path(after),
        problem=problem,
    )
