"""The administrators' pages about other programs: their tokens, and the calls that were given up.

A token is made on the machine alone (`postroom tokens add`): it acts as an officer, and an administrator is not to see
what that officer may.
"""

from fastapi import Request, Response

from postroom.desk.api.tokens import revoke_token
from postroom.desk.pages.numbers import Number
from postroom.desk.queries import programs
from postroom.desk.rendering import go_to, page, pagination
from postroom.desk.rights import Form, Visitor
from postroom.desk.surroundings import Desk
from postroom.models.database import open_session
from postroom.models.failures import NotFound


def show_tokens(request: Request, desk: Desk) -> Response:
    """The keys of other programs to the API."""
    return page(request, "admin-tokens.html", heading="API tokens", tokens=programs.tokens(desk.engine))


def show_token_end(request: Request, desk: Desk, token_id: int) -> Response:
    """Asks once whether a token is to be revoked."""
    token = _token(desk, token_id)
    return page(request, "admin-token-end.html", heading=f"Revoke the token {token.name}", token=token)


def end_token(desk: Desk, visitor: Visitor, token_id: int) -> Response:
    """A token holds no longer."""
    token = _token(desk, token_id)
    with open_session(desk.engine) as session:
        revoke_token(session, token.name, now=desk.now(), by=visitor.officer_id)
        session.commit()
    return go_to("/admin/tokens", "token-revoked")


def show_webhooks(request: Request, desk: Desk, visitor: Visitor, number: Number = 1) -> Response:
    """Who is told of changes, and the calls that were given up."""
    calls = programs.dead_calls(desk.engine, visitor, desk.settings, number)
    return page(
        request,
        "admin-webhooks.html",
        heading="Webhooks",
        hooks=programs.hooks(desk.engine, desk.settings),
        calls=calls,
        pagination=pagination(calls, "/admin/webhooks"),
    )


def try_calls_again(desk: Desk, form: Form) -> Response:
    """A call that was given up is made again, or all to one address are."""
    from postroom.notifications import webhooks  # its client is slow to load

    one = form.get("call", "")
    call_id = int(one) if one.isascii() and one.isdigit() and len(one) < 10 else None
    number = webhooks.try_again(desk.engine, desk.now(), call_id=call_id, hook=form.get("hook", ""))
    if not number:
        raise NotFound("There is no such call, or it was tried again already.")
    return go_to("/admin/webhooks", "calls-trying", str(min(number, 999)))


def _token(desk: Desk, token_id: int) -> programs.Token:
    found = next((each for each in programs.tokens(desk.engine) if each.id == token_id and not each.revoked_at), None)
    if found is None:
        raise NotFound("There is no such token, or it was revoked already.")
    return found
