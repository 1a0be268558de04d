"""Whether the address that a message comes from is its sender's own, by whom the council has look at that."""

from postroom.intake.authentication import (
    UNKNOWN,
    Authentication,
    Finding,
    Sender,
    by_gateway,
    findings_in,
    headers_of_gateway,
)
from postroom.intake.headers import read_headers
from postroom.intake.limits import Limits
from postroom.intake.parse import ParsedMessage
from postroom.intake.receive import EMAIL
from postroom.models.raw_message import RawMessage
from postroom.models.settings import Settings

SMTP = "smtp"


def check_sender(raw: RawMessage, parsed: ParsedMessage, settings: Settings) -> Authentication:
    """What the gateway says; where that decides nothing, what we find ourselves, as configured. May wait for DNS."""
    wanted = settings.intake.authentication
    if raw.channel != EMAIL or not wanted.configured:
        return UNKNOWN
    findings = _of_gateway(raw.content, wanted.authserv_id) if wanted.authserv_id else None
    found = by_gateway(findings, parsed.sender.email)
    if not wanted.verify or found.sender in (Sender.PASS, Sender.FAIL):
        return found
    # What asks DNS takes a tenth of a second to load, and is not needed by those who ask nothing.
    from postroom.intake.dns_questions import Dns
    from postroom.intake.verification import verify

    # A gateway in front of us hides who brought the mail to it.
    may_ask_spf = raw.source == SMTP and not wanted.authserv_id
    dns = Dns(wanted.nameserver_address)
    return verify(raw, parsed.sender.email, dns, by_gateway=findings or (), may_ask_spf=may_ask_spf)


def _of_gateway(content: bytes, authserv_id: str) -> tuple[Finding, ...] | None:
    headers, _ = read_headers(content, Limits())
    return findings_in(headers_of_gateway(headers.in_order, authserv_id))
