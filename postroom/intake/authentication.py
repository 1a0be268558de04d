"""Whether the address in From is really the sender's: what is found of it, and what that means. Pure.

Anybody can write an Authentication-Results header (RFC 8601 1.6), so only those are read that nobody but the council's
own gateway can have written, by their place and by the configured authserv-id.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from postroom.intake.dmarc import RELAXED, Policy, aligned

_VALUE_CHARACTERS = 10_000
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"();=]+|=')
_RESULTS = "authentication-results"
_ABOUT = {
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.helo"),
    "dmarc": ("header.from",),
}
"""The properties of each method that name whom it is about."""
_LMTP = re.compile(r"(?:utf8)?lmtps?a?")


class Sender(StrEnum):
    """What SPF, DKIM and DMARC say about the address in From."""

    PASS = "pass"  # noqa: S105 (RFC 8601's word)
    FAIL = "fail"
    NONE = "none"
    """It was looked at, and nothing speaks for the address or against it."""
    TEMPERROR = "temperror"
    """It could not be looked at, since DNS did not answer; later it may."""
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
class Finding:
    """One result (RFC 8601 2.7): `method` is dmarc, dkim or spf, `domain` whom it is about: who signed, who sent the
    envelope, or whom DMARC looked at. `note` goes with it, in words."""

    method: str
    result: str
    domain: str
    note: str = ""

    @property
    def words(self) -> str:
        about = f" for {self.domain[:100]}" if self.domain else ""
        note = f", which {self.note}" if self.note and self.result == "fail" else ""
        return f"{self.method.upper()} {self.result}{about}{note}"


def headers_of_gateway(headers: Sequence[tuple[str, str]], authserv_id: str) -> tuple[str, ...]:
    """The Authentication-Results that the gateway itself wrote, of a message's headers (names in lower case) from the
    topmost on.

    Each server writes its headers above those that came in. So whatever stands above the topmost Received was written
    by the server that took the mail in, or behind it; the hop from there into a local mailbox, by LMTP, is passed over.
    Of those that stand below, only the topmost counts: that the gateway writes one on every mail is its part of the
    bargain, and a sender can put any number under it.
    """
    first = next((at for at, header in enumerate(headers) if _is_received_from_outside(*header)), 0)
    above = [value for name, value in headers[:first] if name == _RESULTS]
    below = [value for name, value in headers[first:] if name == _RESULTS]
    return tuple(value for value in above or below[:1] if _written_by(value) == authserv_id.lower())


def findings_in(headers: Sequence[str]) -> tuple[Finding, ...] | None:
    """What the Authentication-Results `headers` say; None where there are none."""
    if not headers:
        return None
    return tuple(finding for header in headers for finding in _findings(_split(header[:_VALUE_CHARACTERS])[1:]))


def by_gateway(findings: Sequence[Finding] | None, sender_email: str) -> Authentication:
    """What the gateway's findings say about `sender_email`. It does not look again where DNS did not answer it."""
    if findings is None:
        return Authentication(Sender.NONE, ("the gateway did not say what it found",))
    sender = judge(findings, sender_email.rpartition("@")[2].lower())
    details = tuple(dict.fromkeys(finding.words for finding in findings)) or ("the gateway found nothing",)
    return Authentication(Sender.NONE if sender == Sender.TEMPERROR else sender, details)


def judge(findings: Sequence[Finding], domain: str, policy: Policy = RELAXED) -> Sender:
    """DMARC where it says yes or no; otherwise a signature or an envelope of the sender's own domain (RFC 7489 4.2)."""
    dmarc = [finding for finding in findings if finding.method == "dmarc"]
    others = any(finding.domain and not aligned(finding.domain, domain) for finding in dmarc)
    results = {finding.result for finding in dmarc}
    if "fail" in results or (others and "pass" in results):
        return Sender.FAIL
    if "pass" in results:
        return Sender.PASS
    own = {f.result for f in findings if f.method != "dmarc" and policy.aligned(f.method, f.domain, domain)}
    if "pass" in own:
        return Sender.PASS
    if "temperror" in own | results:
        return Sender.TEMPERROR
    return Sender.FAIL if own & {"fail", "hardfail"} else Sender.NONE


def _is_received_from_outside(name: str, value: str) -> bool:
    """Whether it is a Received other than that of a local delivery by LMTP (RFC 2033, RFC 3848).

    A sender's greeting and address stand in the gateway's own; so where "by" or "with" comes twice it is not believed.
    """
    if name != "received":
        return False
    words = re.sub(r"[();]", " ", value[:_VALUE_CHARACTERS].lower()).split()
    if words.count("by") != 1 or words.count("with") != 1:
        return True
    protocol = words[words.index("with") + 1 :][:1]
    return not (protocol and _LMTP.fullmatch(protocol[0]))


def _written_by(header: str) -> str:
    return (_split(header[:_VALUE_CHARACTERS])[0].split() or [""])[0].lower()


def _findings(results: Sequence[str]) -> Iterator[Finding]:
    for result in results:
        pairs = list(_pairs(result))
        if pairs:
            method = pairs[0][0].partition("/")[0].strip().lower()
            if method in _ABOUT:
                properties = {name.lower(): value for name, value in pairs[1:]}
                about = next((properties[name] for name in _ABOUT[method] if name in properties), "")
                yield Finding(method, pairs[0][1].lower()[:20], about.rpartition("@")[2].rstrip(".").lower())


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
