"""Free ports, and waiting until somebody listens on one."""

import socket

from tests.waiting import wait_for


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until_listening(port: int) -> None:
    def listens() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    wait_for(listens, f"a server on port {port}")
