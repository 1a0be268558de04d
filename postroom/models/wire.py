"""A network connection that another thread can cut: when a poll takes too long, and when Postroom stops."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ssl import SSLContext

from postroom.models.failures import Unreachable


class Wire:
    """Opens one connection at a time and can end it from outside, whatever it is doing: connecting, the handshake of
    TLS, reading from a server that sends a byte a minute. A timeout for each read alone would not bound the whole.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._why = ""
        self._stopped = False

    @property
    def cut_because(self) -> str:
        """Why it was cut, in words; empty where it was not."""
        return self._why

    @property
    def stopped(self) -> bool:
        return self._stopped

    def open(self, host: str, port: int, seconds: float, context: SSLContext | None = None) -> socket.socket:
        """Connect to `host`, with TLS where a `context` is given. Each wait on it ends after `seconds`.

        Raises `OSError` (`ssl.SSLError` among them), and `Unreachable` where it was cut. Only the name's look-up is
        left to the resolver's own time limits.
        """
        connection = self._connect(host, port, seconds)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return context.wrap_socket(connection, server_hostname=host) if context else connection

    def cut(self, why: str) -> None:
        """End the connection, so that whoever waits on it fails at once. Callable from any thread."""
        with self._lock:
            self._why = why
            if self._handle is not None:
                with suppress(OSError):  # not connected yet, or no longer
                    self._handle.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """Cut it for good: no other is opened."""
        self._stopped = True
        self.cut("stopping")

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Cut the connection when the block takes longer than `seconds`."""
        if not self._stopped:
            self._why = ""
        timer = threading.Timer(seconds, self.cut, [f"it took longer than {seconds:g} seconds altogether"])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def release(self) -> None:
        """Forget the connection, which its user closes."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
            self._handle = None

    def _connect(self, host: str, port: int, seconds: float) -> socket.socket:
        failure: OSError = OSError(f"no address for {host}")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            connection = socket.socket(family, kind, protocol)
            try:
                self._hold(connection)
                connection.settimeout(seconds)
                connection.connect(address)
                return connection
            except OSError as error:
                connection.close()
                failure = error
            except Unreachable:
                connection.close()
                raise
        raise failure

    def _hold(self, connection: socket.socket) -> None:
        """Keep a second handle of the same connection: TLS and its users may close or wrap theirs."""
        self.release()
        with self._lock:
            if self._stopped or self._why:
                raise Unreachable(self._why)
            self._handle = connection.dup()
