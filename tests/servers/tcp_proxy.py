"""A network between two ends that goes wrong when told to."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class TcpProxy:
    """Passes every connection to `host` on to `port` of 127.0.0.1."""

    def __init__(self, port: int, host: str) -> None:
        self._target = port
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._open: list[socket.socket] = []
        self._flows = threading.Event()
        self._flows.set()
        self._ended = threading.Event()
        self._drip_seconds = 0.0
        self._answers_left: int | None = None
        self._refuses = False
        self._instead: list[tuple[re.Pattern[bytes], bytes]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        """Forward nothing more, and tell nobody: a half-open connection. New ones are accepted and stay silent."""
        self._flows.clear()

    def flow(self) -> None:
        """Forward again."""
        self._drip_seconds, self._answers_left, self._refuses = 0.0, None, False
        self._instead.clear()
        self._flows.set()

    def refuse(self) -> None:
        """Close every connection, new ones too."""
        self._refuses = True
        self.cut()

    def drip(self, seconds: float) -> None:
        """Forward one byte at a time, with a pause after each."""
        self._drip_seconds = seconds

    def cut_after(self, count: int) -> None:
        """Cut the connection, once, when it has brought `count` bytes more from the server."""
        self._answers_left = count

    def say_instead(self, pattern: bytes, words: bytes) -> None:
        """From now on put `words` into the server's answers, where they say `pattern`."""
        self._instead.append((re.compile(pattern), words))

    def cut(self) -> None:
        """Close every connection."""
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def close(self) -> None:
        self._ended.set()
        self._flows.set()
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.connections += 1
                if self._refuses:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._target))
                self._open += [near, far]
                threading.Thread(target=self._pump, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(far, near, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 if self._drip_seconds and answers else 65_536):
                self._flows.wait()
                for pattern, words in self._instead if answers else ():
                    data = pattern.sub(words, data)
                if answers and self._answers_left is not None:
                    data = data[: self._answers_left]
                    self._answers_left -= len(data)
                sink.sendall(data)
                if answers and self._answers_left == 0:
                    self._answers_left = None
                    break
                if answers and self._drip_seconds:
                    self._ended.wait(self._drip_seconds)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def tcp_proxy(port: int, host: str = "127.0.0.1") -> Iterator[TcpProxy]:
    proxy = TcpProxy(port, host)
    try:
        yield proxy
    finally:
        proxy.close()
