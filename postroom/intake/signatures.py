"""DKIM signatures (RFC 6376), verified by us.

A signature is looked at where its domain is of the sender's organisation, as DMARC compares them, and counts where it
covers the whole body.
"""

import logging

import dkim

from postroom.intake.authentication import Finding
from postroom.intake.dmarc import aligned
from postroom.intake.dns_questions import Dns
from postroom.intake.headers import read_headers
from postroom.intake.limits import Limits
from postroom.models.failures import Unreachable

_quiet = logging.getLogger(f"{__name__}.dkimpy")
_quiet.disabled = True  # it would log what strangers write

_MOST_SIGNATURES = 5
"""More are not looked at: each costs a question to DNS that the sender chose."""
_SMALLEST_KEY = 1024
"""RFC 8301 3.2."""


def check_signatures(content: bytes, of_sender: str, dns: Dns) -> list[Finding]:
    """What each signature of the organisation of the domain `of_sender` is worth. Works on any bytes."""
    headers, _ = read_headers(content, Limits())
    signatures = headers.all("dkim-signature")[:_MOST_SIGNATURES]
    domains = ["" if _tag(value, "l") else _tag(value, "d").rstrip(".") for value in signatures]
    return [
        Finding("dkim", _verify(content, index, dns), domain)
        for index, domain in enumerate(domains)
        if aligned(domain, of_sender)
    ]


def _tag(signature: str, name: str) -> str:
    tags = (tag.partition("=") for tag in signature.split(";"))
    return next((value.strip().lower() for key, _, value in tags if key.strip() == name), "")


def _verify(content: bytes, index: int, dns: Dns) -> str:
    """pass, fail, or temperror where DNS did not answer (RFC 8601 2.7.1)."""
    silent: list[bytes] = []

    def ask(name: bytes, timeout: int = 0) -> bytes | None:  # noqa: ARG001 (`dns` keeps the time)
        try:
            return next(iter(dns.texts(name.decode("ascii", "replace"))), None)
        except Unreachable:
            silent.append(name)
            return None

    try:
        good = dkim.DKIM(content, logger=_quiet, minkey=_SMALLEST_KEY).verify(index, dnsfunc=ask)
    except Exception:  # hostile bytes raise many kinds of errors in it; whichever it is, the signature is not good
        good = False
    return "pass" if good else "temperror" if silent else "fail"
