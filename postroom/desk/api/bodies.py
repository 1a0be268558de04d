"""No request of a program brings more than it needs to: a body is read before its token is looked at."""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 64_000
"""Bytes. A decision takes some hundred."""


class SmallBodies:
    """Refuses bodies of more than `LARGEST` bytes (413) without keeping them, and gives others to the application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > LARGEST:
                await JSONResponse({"detail": f"Send {LARGEST:,} bytes at most."}, 413)(scope, receive, send)
                return
        await self.app(scope, _again(message, body, receive), send)


def _again(last: Message, body: bytes, receive: Receive) -> Receive:
    """What was received, once more and whole; then whatever comes."""
    waiting = [{**last, "body": body} if last["type"] == "http.request" else last]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give
