"""Addresses of ours that carry a signed token: where answers to a case go, and where bounces of a mail go.

The token proves that whoever uses the address was sent it by us; a reference alone, which can be guessed, proves
nothing. Pure: no database, no network.
"""

import base64
import hashlib
import hmac
import re

TOKEN_LENGTH = 20
"""Base32 characters: 100 bits, and no letter case for a mail server to change."""

_TAGGED = re.compile(rf"^[^+@\s]+\+([a-z0-9-]+)\.([a-z2-7]{{{TOKEN_LENGTH}}})@", re.IGNORECASE)


def _token(purpose: str, name: str, key: str) -> str:
    digest = hmac.new(key.encode(), f"{purpose}:{name.lower()}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:TOKEN_LENGTH]


def _address(base: str, purpose: str, name: str, key: str) -> str:
    local, _, domain = base.partition("@")
    return f"{local}+{name.lower()}.{_token(purpose, name, key)}@{domain}"


def _read(purpose: str, address: str, key: str) -> str | None:
    match = _TAGGED.match(address.strip())
    if match is None:
        return None
    name, token = match[1].lower(), match[2].lower()
    return name if hmac.compare_digest(token, _token(purpose, name, key)) else None


def answer_address(feedback: str, reference: str, key: str) -> str:
    """The address that answers about case `reference` go to: feedback+ar-2026-000123.<token>@council.example."""
    return _address(feedback, "answer", reference, key)


def read_answer_address(address: str, key: str) -> str | None:
    """The case reference, in capitals, of an answer address that we signed; None for any other address."""
    name = _read("answer", address, key)
    return name.upper() if name is not None else None


def bounce_address(feedback: str, mail: str, key: str) -> str:
    """The envelope sender of outgoing mail `mail` (its token), so that a bounce says which mail it is about."""
    return _address(feedback, "bounce", f"bounce-{mail}", key)


def read_bounce_address(address: str, key: str) -> str | None:
    """The outgoing mail's token of a bounce address that we signed; None for any other address."""
    name = _read("bounce", address, key)
    return name.removeprefix("bounce-") if name is not None else None
