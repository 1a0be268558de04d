"""SMTP: messages accepted and durable a second, against aiosmtpd with a handler that does nothing.

Both servers run in processes of their own, and one client process sends to one and the other in turn, so that what else
the machine does meets both. Run as: python -m benchmarks.smtp_rate
"""

import argparse
import multiprocessing
import socket
import statistics
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import text

from benchmarks.measuring import FEEDBACK, council, folder_of_work, fsync_milliseconds
from postroom.intake import smtp_receiver
from postroom.models.database import open_engine
from postroom.processes import utc_now
from tests.servers.ports import free_port

LINE = "The bins in our street were not emptied again, and it is the third week. Would you please look at it?\r\n"
CONTENT = ("From: Pat <pat@home.example>\r\nSubject: Bins\r\n\r\n" + LINE * 100).encode()
"""About 10 KB."""
CONNECTIONS = (1, 4, 16)
AIMS = {1: 0.6, 16: 0.7}


class Nothing:
    """Takes every message and forgets it."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return "250 OK"


def serve_nothing(port: int, ready: Connection) -> None:
    controller = Controller(Nothing(), hostname="127.0.0.1", port=port)
    controller.start()
    ready.send(port)
    ready.recv()


def serve_postroom(folder: Path, ready: Connection) -> None:
    settings = council(folder)
    smtp = settings.intake.smtp.model_copy(update={"port": 0})
    settings = settings.model_copy(update={"intake": settings.intake.model_copy(update={"smtp": smtp})})
    receiver = smtp_receiver.start(settings, open_engine(settings.database_url), utc_now)
    ready.send(receiver.port)
    ready.recv()
    receiver.stop()


def send(port: int, messages: int, content: bytes = CONTENT) -> None:
    """A sender that writes no slower than the server reads; smtplib would be slower than both servers."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        replies = connection.makefile("rb")

        def expect(code: bytes) -> None:
            while (reply := replies.readline())[3:4] == b"-":
                pass
            assert reply.startswith(code), reply

        expect(b"220")
        connection.sendall(b"EHLO benchmark\r\n")
        expect(b"250")
        for _ in range(messages):
            for command, code in (
                (b"MAIL FROM:<pat@home.example>\r\n", b"250"),
                (f"RCPT TO:<{FEEDBACK}>\r\n".encode(), b"250"),
                (b"DATA\r\n", b"354"),
                (content + b".\r\n", b"250"),
            ):
                connection.sendall(command)
                expect(code)


def rate(port: int, connections: int, messages: int) -> float:
    """Messages a second over so many connections together."""
    senders = [threading.Thread(target=send, args=(port, messages // connections)) for _ in range(connections)]
    begin = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return (messages // connections) * connections / (time.perf_counter() - begin)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=800, help="in each of the rounds")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with folder_of_work() as folder:
        ours, theirs = multiprocessing.Pipe(), multiprocessing.Pipe()
        servers = [
            multiprocessing.Process(target=serve_postroom, args=(folder, ours[1]), daemon=True),
            multiprocessing.Process(target=serve_nothing, args=(free_port(), theirs[1]), daemon=True),
        ]
        for server in servers:
            server.start()
        our_port, their_port = ours[0].recv(), theirs[0].recv()
        sent = 0
        print("connections  nothing/s  postroom/s  ratio  aim  fsync ms")
        for connections in CONNECTIONS:
            pairs = []
            fsync = []
            for _ in range(options.rounds):
                fsync.append(fsync_milliseconds(folder))
                pairs.append(
                    (rate(their_port, connections, options.messages), rate(our_port, connections, options.messages))
                )
                sent += options.messages // connections * connections
            nothing, postroom = (statistics.median(rates) for rates in zip(*pairs, strict=True))
            ratio = statistics.median(ours / theirs for theirs, ours in pairs)
            aim = f"{AIMS[connections]:.1f}" if connections in AIMS else "  -"
            print(
                f"{connections:11}  {nothing:9.0f}  {postroom:10.0f}  {ratio:5.2f}  {aim}  "
                f"{statistics.median(fsync):8.2f}"
            )
        ours[0].send("stop")
        theirs[0].send("stop")
        for server in servers:
            server.join(30)
        with open_engine(f"sqlite:///{folder / 'postroom.db'}").connect() as connection:
            stored = connection.execute(text("SELECT count(*) FROM raw_message")).scalar_one()
        assert stored == sent, f"{sent} were answered 250 and {stored} are stored"
        print(f"{stored} messages answered 250, {stored} stored")


if __name__ == "__main__":
    main()
