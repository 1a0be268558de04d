"""From where a request comes, as far as signing in asks."""

from fastapi import Request

from postroom.desk.sign_in import Came

_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
)


def came_from(request: Request) -> Came:
    """The network address, which counts wrong tries, and what the browser says it is."""
    return Came(request.client.host if request.client else "", browser(request.headers.get("user-agent", "")))


def browser(user_agent: str) -> str:
    """As "Firefox on Windows", so that people know their sessions again; it proves nothing."""
    name = next((name for mark, name in _BROWSERS if mark in user_agent), "A browser")
    system = next((system for mark, system in _SYSTEMS if mark in user_agent), "")
    return f"{name} on {system}" if system else name
