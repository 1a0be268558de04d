"""Signing in and out."""

import re

from fastapi import Request, Response

from postroom.desk.cookies import FORM, SESSION, drop_cookie, read_cookie, set_cookie
from postroom.desk.rendering import go_to, page
from postroom.desk.rights import Form, Visitor
from postroom.desk.sessions import end_session, new_token
from postroom.desk.sign_in import REFUSED, sign_in
from postroom.desk.surroundings import Desk
from postroom.models.database import open_session

_OWN_PATH = re.compile(r"/(?![/\\])[^\s\\\x00-\x1f]*")


def own_path(path: str) -> str:
    """`path` where it leads to this desk, else the queue: nobody is sent on to another site."""
    return path if _OWN_PATH.fullmatch(path) else "/"


def show_sign_in(request: Request, next: str = "/") -> Response:
    """The form; whoever is signed in already goes on."""
    if request.state.visitor is not None:
        return go_to(own_path(next))
    token = read_cookie(request, FORM) or new_token()
    response = _form(request, token, next)
    set_cookie(request, response, FORM, token)
    return response


def sign_in_with(request: Request, desk: Desk, form: Form) -> Response:
    """Check the password and start a session."""
    email, after = form.get("email", ""), form.get("next", "/")
    token = sign_in(desk.engine, email, form.get("password", ""), settings=desk.settings.desk, now=desk.now())
    if token is None:
        return _form(request, read_cookie(request, FORM), after, email=email, problem=REFUSED, status=422)
    response = go_to(own_path(after))
    set_cookie(request, response, SESSION, token)
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
