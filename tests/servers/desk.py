"""The desk behind a real web server, for browsers."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

START_SECONDS = 10


@contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """Serve `app` on a free port of this machine; yields its address, as http://127.0.0.1:40123."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the server stopped before it had started"
        assert time.monotonic() < deadline, f"the server did not start within {START_SECONDS} seconds"
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
