"""Our own SMTP address (RFC 5321). Each message is durable before the sender is told 250; for our own faults it is told
to try again (451), never refused."""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import Engine

from postroom.intake.group_commit import GroupCommit
from postroom.intake.receive import EMAIL, Delivery, receive
from postroom.intake.smtp_certificate import Certificate
from postroom.intake.smtp_conversation import Bounds, Conversation, Room
from postroom.models.failures import ConfigurationError
from postroom.models.settings import Council, Settings

log = logging.getLogger(__name__)

MAXIMUM_RECIPIENTS = 100
MESSAGES_HELD = 4
"""Messages of the largest size that may be in memory at once, over all connections."""
FINISH_SECONDS = 15.0
"""How long the messages that have come may take to be stored when we stop."""
POSTMASTER = "postmaster"
TRY_AGAIN = "451 4.3.0 We could not take the message now; please try again later"
CLOSING = "421 4.3.2 We are closing; please come back later"


class Receiver:
    """A running SMTP receiver."""

    def __init__(self, controller: "_Controller", commits: GroupCommit) -> None:
        self._controller = controller
        self._commits = commits
        self.port: int = controller.port

    def stop(self) -> None:
        """Stop listening, store and answer every message whose content has come, and hang up."""
        if self._controller.loop.is_closed():
            return
        finished = asyncio.run_coroutine_threadsafe(self._controller.finish(), self._controller.loop)
        with suppress(TimeoutError):
            finished.result(FINISH_SECONDS)
        self._controller.stop()
        self._commits.close()


def start(settings: Settings, engine: Engine, clock: Callable[[], datetime]) -> Receiver:
    """Listen on `settings.intake.smtp` (port 0: any free port) in a thread.

    Raises `ConfigurationError` where the port can't be had or the certificate can't be used.
    """

    def store(deliveries: Sequence[Delivery]) -> None:
        receive(engine, deliveries, clock())

    certificate = _certificate(settings)
    commits = GroupCommit(store)
    try:
        controller = _Controller(_Handler(settings.council, commits), settings, certificate)
    except BaseException:
        commits.close()
        raise
    try:
        controller.start()
    except BaseException:
        controller.stop(no_assert=True)
        commits.close()
        raise
    return Receiver(controller, commits)


class _Handler:
    """Answers to the commands that need one of ours. aiosmtpd calls those with capitals by name."""

    def __init__(self, council: Council, commits: GroupCommit) -> None:
        self._ours = _own_mailboxes(council)
        self._commits = commits

    async def handle_EHLO(  # noqa: N802
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        session.host_name = name
        return [reply for reply in replies if not reply.startswith("250-AUTH")]  # nobody signs in here

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

    async def store(self, session: Session, envelope: Envelope, content: bytes | bytearray) -> str:
        sender = envelope.mail_from or ""
        delivery = Delivery(
            source="smtp",
            position=str(uuid4()),
            channel=EMAIL,
            content=content,
            envelope_sender="" if sender == "<>" else sender,
            envelope_recipients=tuple(envelope.rcpt_tos),
            client_address=session.peer[0] if session.peer else None,
            client_name=session.host_name or None,
        )
        try:
            await self._commits.add(delivery)
        except Exception:
            log.exception("a message could not be stored; its sender will try again")
            return TRY_AGAIN
        return "250 2.0.0 Received"

    async def handle_exception(self, error: Exception) -> str:
        log.error("an SMTP conversation failed", exc_info=error)
        return TRY_AGAIN

    def _is_ours(self, address: str) -> bool:
        """Our addresses, with or without a tag behind a plus sign, and the postmaster with or without a domain."""
        local, at, domain = address.lower().rpartition("@")
        return f"{local.partition('+')[0]}@{domain}" in self._ours if at else domain == POSTMASTER


def _own_mailboxes(council: Council) -> frozenset[str]:
    """Where residents write, and the postmaster, whom everybody who receives mail must have (RFC 5321 4.5.1)."""
    addresses = {council.addresses.feedback, council.addresses.compliments}
    domains = {council.domain.lower(), *(address.rpartition("@")[2] for address in addresses)}
    return frozenset(addresses | {f"{POSTMASTER}@{domain}" for domain in domains})


class _Controller(Controller):
    """Listens on a socket of ours, so that a port in use is a plain error and port 0 is known."""

    def __init__(self, handler: _Handler, settings: Settings, certificate: Certificate | None) -> None:
        smtp = settings.intake.smtp
        self._socket = _listen(smtp.host, smtp.port)
        self._handler = handler
        bounds = Bounds(
            connections=smtp.maximum_connections,
            connections_per_address=smtp.connections_per_address,
            message_bytes=settings.intake.maximum_bytes,
            bytes_at_once=MESSAGES_HELD * settings.intake.maximum_bytes,
            idle_seconds=smtp.idle_seconds,
            transaction_seconds=smtp.transaction_seconds,
        )
        self._room = Room(bounds)
        self._certificate = certificate
        super().__init__(
            handler,
            hostname=smtp.host,
            port=self._socket.getsockname()[1],
            server_hostname=settings.council.domain,
            ident="ESMTP",
            enable_SMTPUTF8=True,
            tls_context=certificate.context() if certificate else None,
            require_starttls=smtp.require_tls,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
        )

    def factory(self) -> SMTP:
        options = self.SMTP_kwargs
        if self._certificate is not None:
            options = options | {"tls_context": self._certificate.context()}
        return Conversation(self.handler, self._room, self._handler.store, **options)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._socket)

    async def finish(self) -> None:
        """Take no more connections, and end those that there are."""
        assert self.server is not None
        self.server.close()
        opened = list(self._room.opened)
        for conversation in opened:
            conversation.end(CLOSING)
        if opened:
            await asyncio.wait([conversation.gone for conversation in opened])


def _certificate(settings: Settings) -> Certificate | None:
    smtp = settings.intake.smtp
    if smtp.certificate is None:
        return None
    return Certificate(settings.path(smtp.certificate), settings.path(smtp.key) if smtp.key else None)


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
