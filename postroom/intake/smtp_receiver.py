"""Our own SMTP address (RFC 5321). Each message is durable before the sender is told 250; for our own faults it is told
to try again (451), never refused."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import Engine

from postroom.intake.group_commit import GroupCommit
from postroom.intake.receive import EMAIL, Delivery, receive
from postroom.models.failures import ConfigurationError, NotStored
from postroom.models.settings import Settings

log = logging.getLogger(__name__)

MAXIMUM_RECIPIENTS = 100
TRY_AGAIN = "451 4.3.0 We could not take the message now; please try again later"


class Receiver:
    """A running SMTP receiver."""

    def __init__(self, controller: "_Controller", commits: GroupCommit) -> None:
        self._controller = controller
        self._commits = commits
        self.port: int = controller.port

    def stop(self) -> None:
        """Stop listening and let the commit that runs come to its end."""
        self._controller.stop()
        self._commits.close()


def start(settings: Settings, engine: Engine, clock: Callable[[], datetime]) -> Receiver:
    """Listen on `settings.intake.smtp` (port 0: any free port) in a thread.

    Raises `ConfigurationError` where the port can't be had.
    """

    def store(deliveries: Sequence[Delivery]) -> None:
        receive(engine, deliveries, clock())

    commits = GroupCommit(store)
    controller = _Controller(_Handler(settings, commits), settings)
    try:
        controller.start()
    except BaseException:
        controller.stop(no_assert=True)
        commits.close()
        raise
    return Receiver(controller, commits)


class _Handler:
    """Answers to the commands that need one of ours. aiosmtpd calls these by name."""

    def __init__(self, settings: Settings, commits: GroupCommit) -> None:
        addresses = settings.council.addresses
        self._ours = {addresses.feedback, addresses.compliments}
        self._commits = commits

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self._is_ours(address):
            return "550 5.1.1 No such address here"
        if len(envelope.rcpt_tos) >= MAXIMUM_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        sender = envelope.mail_from or ""
        delivery = Delivery(
            source="smtp",
            position=str(uuid4()),
            channel=EMAIL,
            content=content,
            envelope_sender="" if sender == "<>" else sender,
            envelope_recipients=tuple(envelope.rcpt_tos),
        )
        try:
            await self._commits.add(delivery)
        except NotStored:
            log.exception("a message could not be stored; its sender will try again")
            return TRY_AGAIN
        return "250 2.0.0 Received"

    async def handle_exception(self, error: Exception) -> str:
        log.error("an SMTP conversation failed", exc_info=error)
        return TRY_AGAIN

    def _is_ours(self, address: str) -> bool:
        """Our addresses, with or without a tag behind a plus sign."""
        local, _, domain = address.lower().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" in self._ours


class _Conversation(SMTP):
    """One connection; turned away with 421 where there are too many."""

    def __init__(self, handler: _Handler, opened: "set[_Conversation]", most: int, **options: Any) -> None:
        self.line_length_limit = options["data_size_limit"]  # some institutions send whole HTML pages as one line
        super().__init__(handler, **options)
        self._opened = opened
        self._most = most
        self._turned_away = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self._opened) >= self._most:
            self._turned_away = True
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(b"421 4.3.2 Too many connections; please try again later\r\n")
            transport.close()
            return
        self._opened.add(self)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """A large message may take longer than the idle time; it ends only when nothing comes for so long."""
        if not self._turned_away:
            self._reset_timeout()
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return False if self._turned_away else super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._turned_away:
            self._opened.discard(self)
            super().connection_lost(error)


class _Controller(Controller):
    """Listens on a socket of ours, so that a port in use is a plain error and port 0 is known."""

    def __init__(self, handler: _Handler, settings: Settings) -> None:
        smtp = settings.intake.smtp
        self._socket = _listen(smtp.host, smtp.port)
        self._opened: set[_Conversation] = set()
        self._most = smtp.maximum_connections
        super().__init__(
            handler,
            hostname=smtp.host,
            port=self._socket.getsockname()[1],
            server_hostname=settings.council.domain,
            ident="ESMTP",
            data_size_limit=settings.intake.maximum_bytes,
            timeout=smtp.idle_seconds,
            enable_SMTPUTF8=True,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
        )

    def factory(self) -> SMTP:
        return _Conversation(self.handler, self._opened, self._most, **self.SMTP_kwargs)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise ConfigurationError(
            [f"intake.smtp.port: expected a free port on {host}; {port} can't be had: {error.strerror}"]
        ) from None
    return listening
