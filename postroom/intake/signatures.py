"""DKIM signatures (RFC 6376) verified by us, for a council whose gateway does not say what it found.

A signature counts where its domain is the sender's or one above it, as in DMARC, and where it covers the whole body.
SPF can't be checked here: it is about the network address that a mail came from, which only the gateway has seen.
"""

import logging
from collections.abc import Callable

import dkim
from dkim.dnsplug import get_txt

from postroom.intake.authentication import Authentication, Sender, aligned
from postroom.intake.headers import read_headers
from postroom.intake.limits import Limits

_quiet = logging.getLogger(f"{__name__}.dkimpy")
_quiet.disabled = True  # it would log what strangers write

LookUp = Callable[[bytes, int], bytes | None]
"""The text record of a name in DNS, within so many seconds; None where there is none."""

DNS_SECONDS = 5
_MOST_SIGNATURES = 5
"""More are not looked at: each costs a question to DNS that the sender chose."""
_SMALLEST_KEY = 1024
"""RFC 8301 3.2."""


def look_up_text(name: bytes, seconds: int = DNS_SECONDS) -> bytes | None:
    """A text record, from the machine's own resolver."""
    found: bytes | None = get_txt(name, seconds)
    return found


def verify_signatures(content: bytes, sender_email: str, look_up: LookUp = look_up_text) -> Authentication:
    """Whether a signature of the sender's own domain is good. Works on any bytes; a DNS that does not answer proves
    nothing."""
    headers, _ = read_headers(content, Limits())
    signatures = headers.all("dkim-signature")[:_MOST_SIGNATURES]
    domains = ["" if _tag(value, "l") else _tag(value, "d") for value in signatures]
    if len(headers.all("from")) != 1:
        return Authentication(Sender.FAIL, ("not exactly one From header",))
    of_sender = sender_email.rpartition("@")[2].lower()
    own = [index for index, domain in enumerate(domains) if aligned(domain, of_sender)]
    results = [_verify(content, index, look_up) for index in own]
    details = tuple(f"DKIM {result} for {domains[index][:100]}" for index, result in zip(own, results, strict=True))
    if "pass" in results:
        return Authentication(Sender.PASS, details)
    if "fail" in results:
        return Authentication(Sender.FAIL, details)
    return Authentication(Sender.NONE, details or ("no DKIM signature of the sender's domain",))


def _tag(signature: str, name: str) -> str:
    tags = (tag.partition("=") for tag in signature.split(";"))
    return next((value.strip().lower() for key, _, value in tags if key.strip() == name), "")


def _verify(content: bytes, index: int, look_up: LookUp) -> str:
    """pass, fail, or temperror where DNS did not answer (RFC 8601 2.7.1)."""
    silent: list[bytes] = []

    def ask(name: bytes, timeout: int = DNS_SECONDS) -> bytes | None:
        try:
            return look_up(name, timeout)
        except (dkim.DnsTimeoutError, OSError):
            silent.append(name)
            return None

    try:
        good = dkim.DKIM(content, logger=_quiet, minkey=_SMALLEST_KEY).verify(index, dnsfunc=ask)
    except Exception:  # hostile bytes raise many kinds of errors in it; whichever it is, the signature is not good
        good = False
    return "pass" if good else "temperror" if silent else "fail"
