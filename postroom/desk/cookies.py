"""The desk's cookies: an officer's session, a resident's visit, and the one that protects forms before there is either.

Over https their names carry the prefix `__Host-` (RFC 6265bis 4.1.3.2): a browser takes such a cookie from this host
only, over https only, for the whole host.
"""

from fastapi import Request, Response

SESSION = "postroom-session"
FORM = "postroom-form"
FOLLOW = "postroom-follow"


def _over_https(request: Request) -> bool:
    """Also where a proxy that speaks https stands in front and does not say so."""
    public_url: str = request.app.state.surroundings.settings.desk.public_url
    return request.url.scheme == "https" or public_url.startswith("https://")


def _full_name(request: Request, name: str) -> str:
    return f"__Host-{name}" if _over_https(request) else name


def read_cookie(request: Request, name: str) -> str:
    """The cookie's value; empty where there is none."""
    return request.cookies.get(_full_name(request, name), "")


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Set a cookie that ends with the browser; no script can read it and no other site can send it along a form."""
    response.set_cookie(
        _full_name(request, name), value, path="/", secure=_over_https(request), httponly=True, samesite="lax"
    )


def drop_cookie(request: Request, response: Response, name: str) -> None:
    response.delete_cookie(
        _full_name(request, name), path="/", secure=_over_https(request), httponly=True, samesite="lax"
    )
