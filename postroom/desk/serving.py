"""The server that answers for the desk."""

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


class DeskServer(uvicorn.Server):
    """Leaves signals to whoever runs the whole."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_for(app: object) -> DeskServer:
    """A server for `app`, to be run over sockets that listen already."""
    return DeskServer(
        uvicorn.Config(
            app,  # type: ignore[arg-type]
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
    )
