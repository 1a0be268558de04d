"""Whether the address in From is really the sender's: what the council's own gateway found. Pure.

Anybody can write an Authentication-Results header (RFC 8601 1.6). Only the topmost is read, and it counts only where it
carries exactly the configured authserv-id: the gateway writes its own above whatever came in.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

_VALUE_CHARACTERS = 10_000
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"();=]+|=')
_METHODS = ("dmarc", "dkim", "spf")


class Sender(StrEnum):
    """What SPF, DKIM and DMARC say about the address in From."""

    PASS = "pass"  # noqa: S105 (RFC 8601's word)
    FAIL = "fail"
    NONE = "none"
    """It was looked at, and nothing speaks for the address or against it."""
    UNKNOWN = "unknown"
    """Nobody looked: the configuration does not ask for it."""


@dataclass(frozen=True)
class Authentication:
    """`details` says in words what was found, for officers."""

    sender: Sender
    details: tuple[str, ...] = ()

    @property
    def speaks_for_sender(self) -> bool:
        """Whether the message may join a case by itself. Where nobody looked it may, as the configuration wants it."""
        return self.sender in (Sender.PASS, Sender.UNKNOWN)


UNKNOWN = Authentication(Sender.UNKNOWN)


@dataclass(frozen=True)
class _Finding:
    """One result of a header: as in "dkim=pass header.d=home.example"."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The domain that it is about: who signed, who sent the envelope, or whom DMARC looked at."""
        names = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom", "smtp.helo"), "dmarc": ("header.from",)}
        found = next((self.properties[name] for name in names[self.method] if name in self.properties), "")
        return found.rpartition("@")[2].lower()

    @property
    def words(self) -> str:
        return f"{self.method.upper()} {self.result}" + (f" for {self.domain[:100]}" if self.domain else "")


def from_gateway(headers: Sequence[str], authserv_id: str, sender_email: str) -> Authentication | None:
    """What the gateway `authserv_id` found about `sender_email`; None where the topmost of `headers` is not its own."""
    if not headers:
        return None
    found_by, *results = _split(headers[0][:_VALUE_CHARACTERS])
    if (found_by.split() or [""])[0].lower() != authserv_id.lower():
        return None
    findings = tuple(_findings(results))
    sender = _judge(findings, sender_email.rpartition("@")[2].lower())
    return Authentication(sender, tuple(finding.words for finding in findings) or ("the gateway found nothing",))


def aligned(domain: str, of_sender: str) -> bool:
    """Whether who holds `domain` speaks for the sender's domain: it is the same, or one above it (RFC 7489 3.1)."""
    if not domain or not of_sender:
        return False
    return domain == of_sender or ("." in domain and of_sender.endswith(f".{domain}"))


def _judge(findings: Sequence[_Finding], domain: str) -> Sender:
    """DMARC where it says yes or no; otherwise a signature or an envelope of the sender's own domain (RFC 7489 4.2)."""
    results = {finding.result for finding in findings if finding.method == "dmarc"}
    others = any(f.method == "dmarc" and f.domain and not aligned(f.domain, domain) for f in findings)
    if "fail" in results or (others and "pass" in results):
        return Sender.FAIL
    if "pass" in results:
        return Sender.PASS
    own = [finding for finding in findings if finding.method != "dmarc" and aligned(finding.domain, domain)]
    if any(finding.result == "pass" for finding in own):
        return Sender.PASS
    return Sender.FAIL if any(finding.result in ("fail", "hardfail") for finding in own) else Sender.NONE


def _findings(results: Sequence[str]) -> Iterator[_Finding]:
    for result in results:
        pairs = list(_pairs(result))
        if pairs:
            method = pairs[0][0].partition("/")[0].strip().lower()
            if method in _METHODS:
                yield _Finding(method, pairs[0][1].lower()[:20], {k.lower(): v for k, v in pairs[1:]})


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    tokens = _TOKENS.findall(text)
    for index in range(1, len(tokens) - 1):
        if tokens[index] == "=":
            yield tokens[index - 1], tokens[index + 1].strip('"')


def _split(value: str) -> list[str]:
    """The header's parts between semicolons, without comments; one in quotes is no semicolon."""
    parts, depth, quoted, skip = [""], 0, False, False
    for character in value:
        if skip:
            skip = False
        elif character == "\\":
            skip = True
            continue
        elif character == '"' and not depth:
            quoted = not quoted
        elif not quoted and character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
            continue
        elif character == ";" and not quoted and not depth:
            parts.append("")
            continue
        if not depth:
            parts[-1] += character
    return parts
