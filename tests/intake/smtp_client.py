"""A sender that says exactly the bytes that a test gives it, line endings included."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


class BareClient:
    """One SMTP connection, greeted already."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._replies = connection.makefile("rb")
        self.greeting = self.reply()

    def reply(self) -> str:
        """The next reply's last line; empty where the connection was closed."""
        line = self._replies.readline()
        while line[3:4] == b"-":
            line = self._replies.readline()
        return line.decode().rstrip("\r\n")

    def say(self, command: bytes) -> str:
        self.connection.sendall(command + b"\r\n")
        return self.reply()

    def begin_data(self, recipient: str) -> None:
        """Everything up to the 354."""
        for command in (b"EHLO x", b"MAIL FROM:<pat@home.example>", b"RCPT TO:<" + recipient.encode() + b">", b"DATA"):
            assert self.say(command)[:1] in "23"

    def is_closed(self) -> bool:
        """Whether the server hangs up, whatever it says before."""
        try:
            return not self._replies.read()
        except ConnectionError:
            return True


@contextmanager
def bare_client(port: int) -> Iterator[BareClient]:
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        yield BareClient(connection)
