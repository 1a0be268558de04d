"""One SMTP conversation (RFC 5321): its limits, and where a message ends.

aiosmtpd reads the commands. The content is read here: it ends at <CR><LF>.<CR><LF> and at nothing that resembles it, a
bare carriage return or line feed is kept as it came, and no more of it is held than the limit allows, in one line or in
many. Of what comes after an end that only looks like one, nothing is ever taken for a command (SMTP smuggling).
"""

import asyncio
import ipaddress
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP, Envelope, Session

log = logging.getLogger(__name__)

READ_AHEAD = 65_536
"""Bytes that are read before somebody wants them; a longer command is refused."""
REPLIES_PER_MESSAGE = 300
"""Replies until a message is stored: a hundred recipients, and what else a sender may have to say."""
ERRORS = 20
"""Refusals in one conversation."""
FAREWELL_SECONDS = 5.0
"""How long a sender may take to read our last line."""

LAST_LINE = b".\r\n"
TOO_LARGE = "552 5.3.4 The message is larger than we take"
NO_ROOM = "452 4.3.1 Too much mail comes in now; please try again later"

Store = Callable[[Session, Envelope, bytes | bytearray], Awaitable[str]]


@dataclass(frozen=True)
class Bounds:
    """How much of everything there may be."""

    connections: int
    connections_per_address: int
    message_bytes: int
    bytes_at_once: int
    """Of all messages that are being received together."""
    idle_seconds: float
    transaction_seconds: float
    """From the greeting, or the last message, until a message is stored."""


@dataclass
class Room:
    """What the conversations of one receiver share. They all run in one event loop."""

    bounds: Bounds
    opened: "set[Conversation]" = field(default_factory=set)
    from_address: Counter[str] = field(default_factory=Counter)
    bytes_held: int = 0


class Conversation(SMTP):
    """One connection; turned away with 421 where there are too many. `store` makes a message durable and gives the
    reply."""

    line_length_limit = READ_AHEAD

    def __init__(self, handler: object, room: Room, store: Store, **options: Any) -> None:
        super().__init__(
            handler, data_size_limit=room.bounds.message_bytes, timeout=room.bounds.idle_seconds, **options
        )
        self.gone: asyncio.Future[None] = self.loop.create_future()
        self._room = room
        self._store = store
        self._address = ""
        self._bytes_held = 0
        self._storing = False
        self._ending = False
        self._replies = self._errors = 0
        self._message_since = 0.0
        self._message_timer: asyncio.TimerHandle | None = None

    # The connection, as asyncio tells of it.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._original_transport is not None:  # the same connection, now in TLS
            super().connection_made(transport)
            return
        address = _address_of(transport.get_extra_info("peername"))
        room = self._room
        if (
            len(room.opened) >= room.bounds.connections
            or room.from_address[address] >= room.bounds.connections_per_address
        ):
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(b"421 4.3.2 Too many connections; please try again later\r\n")
            transport.close()
            return
        self._address = address
        room.opened.add(self)
        room.from_address[address] += 1
        self._message_since = self.loop.time()
        self._watch_message()
        super().connection_made(transport)

    @property
    def _turned_away(self) -> bool:
        return not self._address

    def data_received(self, data: bytes) -> None:
        """A large message may take longer than the idle time; silence alone ends a conversation so soon."""
        if not self._turned_away and not self._ending:
            self._reset_timeout()
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return False if self._turned_away else super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        if self._turned_away or self.gone.done():
            return
        self.gone.set_result(None)
        self._room.opened.discard(self)
        self._room.from_address[self._address] -= 1
        if not self._room.from_address[self._address]:
            del self._room.from_address[self._address]
        self._let_go()
        if self._message_timer is not None:
            self._message_timer.cancel()
        super().connection_lost(error)

    # How a conversation ends.

    def end(self, farewell: str) -> None:
        """Say `farewell` and hang up. A message whose content has come is stored and answered first."""
        self._ending = True
        if not self._storing:
            self._hang_up(farewell)

    def _hang_up(self, farewell: str) -> None:
        transport = self.transport
        if isinstance(transport, asyncio.WriteTransport) and not transport.is_closing():
            transport.write(farewell.encode() + b"\r\n")
            transport.close()
            self.loop.call_later(FAREWELL_SECONDS, transport.abort)  # one who reads nothing would stay for ever
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def _timeout_cb(self) -> None:
        if not self._storing:
            self._hang_up("421 4.4.2 We have waited too long for you")

    def _watch_message(self) -> None:
        left = self._message_since + self._room.bounds.transaction_seconds - self.loop.time()
        if left > 0 or self._storing:
            self._message_timer = self.loop.call_later(max(left, 1.0), self._watch_message)
        else:
            self._hang_up("421 4.4.2 We have waited too long for a message")

    # What is said.

    async def _handle_client(self) -> None:
        with suppress(ConnectionError):  # the sender hung up before our reply
            await super()._handle_client()

    async def push(self, status: AnyStr) -> None:
        """Reply, and hang up on somebody who only makes work."""
        await super().push(status)
        self._replies += 1
        if status[:1] in ("4", "5", b"4", b"5"):
            self._errors += 1
        if self._errors > ERRORS or self._replies > REPLIES_PER_MESSAGE:
            log.warning("hung up on %s after %d refusals", self._address, self._errors)
            self._hang_up("421 4.7.0 Too many commands that lead to nothing")

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        """DATA (RFC 5321 4.1.1.4)."""
        if await self.check_helo_needed():
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        assert self.envelope is not None
        if not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        try:
            await self._take_message(self.envelope)
        finally:
            self._let_go()
            self._set_rset_state()  # type: ignore[no-untyped-call]  # aiosmtpd gives some of its methods no types

    async def _take_message(self, envelope: Envelope) -> None:
        content, refusal = await self._content()
        if refusal:
            await self.push(refusal)
            return
        self._storing = True
        try:
            assert self.session is not None
            reply = await self._store(self.session, envelope, content)
            await self.push(reply)
        finally:
            self._storing = False
        self._reset_timeout()
        if reply.startswith("2"):
            self._replies, self._message_since = 0, self.loop.time()
        if self._ending:
            self._hang_up("421 4.3.2 We are closing; please come back later")

    async def _content(self) -> tuple[bytearray, str]:
        """The content as it was before dots were doubled, or why it is refused. It is read to its end in both cases."""
        content = bytearray()
        length, refusal, ended = 0, "", False
        while not ended:
            chunk, ended = await self._chunk()
            content += chunk
            length += len(chunk)
            ended = ended and (length == len(LAST_LINE) or content.endswith(b"\r\n" + LAST_LINE))
            refusal = refusal or self._hold(len(chunk), length - len(LAST_LINE))
            if refusal:
                self._let_go()
                del content[: -len(b"\r\n" + LAST_LINE)]
        del content[-len(LAST_LINE) :]
        if content.startswith(b"."):
            del content[:1]
        if b"\r\n." in content:
            content = content.replace(b"\r\n.", b"\r\n")
        return content, refusal

    async def _chunk(self) -> tuple[bytes, bool]:
        """The next bytes, and whether they end with what may be the end of the content."""
        try:
            return await self._reader.readuntil(LAST_LINE), True
        except asyncio.LimitOverrunError as far:
            return await self._reader.read(far.consumed), False

    def _hold(self, more: int, length: int) -> str:
        """Count bytes into what all conversations hold. Returns a refusal where they are too many."""
        if length > self._room.bounds.message_bytes:
            return TOO_LARGE
        self._bytes_held += more
        self._room.bytes_held += more
        return NO_ROOM if self._room.bytes_held > self._room.bounds.bytes_at_once else ""

    def _let_go(self) -> None:
        self._room.bytes_held -= self._bytes_held
        self._bytes_held = 0


def _address_of(peer: Any) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of the size that one customer is given."""
    try:
        address = ipaddress.ip_address(peer[0].partition("%")[0])
    except (TypeError, ValueError):
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)
