"""A mail server that keeps what it is given, and refuses it when told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Received:
    sender: str
    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return BytesParser(policy=default).parsebytes(self.content)


@dataclass
class SmtpSink:
    """Set `answer_to_recipient` or `answer_to_content` to what the server shall say, as "451 4.3.0 Try again later"."""

    host: str = "127.0.0.1"
    port: int = 0
    received: list[Received] = field(default_factory=list)
    answer_to_recipient: str = ""
    answer_to_content: str = ""

    def to(self, recipient: str) -> list[Received]:
        """What arrived for one address, in order."""
        return [mail for mail in self.received if mail.recipient == recipient]

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer_to_recipient:
            return self.answer_to_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer_to_content:
            return self.answer_to_content
        content = cast(bytes, envelope.original_content)
        self.received += [Received(envelope.mail_from or "", recipient, content) for recipient in envelope.rcpt_tos]
        return "250 OK"


class OnAnyPort(Controller):
    """Listens on a free port and says which."""

    def _trigger_server(self) -> None:
        self.port = cast(Any, self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd has no types


@contextmanager
def smtp_sink() -> Iterator[SmtpSink]:
    """A running server; its `host` and `port` are set."""
    sink = SmtpSink()
    controller = OnAnyPort(sink, hostname=sink.host, port=0)
    controller.start()
    sink.port = controller.port
    try:
        yield sink
    finally:
        controller.stop()
