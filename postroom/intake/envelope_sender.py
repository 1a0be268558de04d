"""SPF (RFC 7208): whether the network address that brought a mail may send for the domain of its envelope's sender."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import spf

from postroom.intake.authentication import Finding
from postroom.intake.dns_questions import Dns
from postroom.models.failures import Unreachable


def check_envelope(client_address: str, client_name: str, envelope_sender: str, dns: Dns) -> Finding | None:
    """What SPF says; None where it can't be asked: the client is of a network of our own. Works on any text.

    Where the envelope has no sender, the client's name stands for it (2.4).
    """
    try:
        if not ip_address(client_address.partition("%")[0]).is_global:
            return None
    except ValueError:
        return None
    domain = (envelope_sender.rpartition("@")[2] or client_name).rstrip(".").lower()
    try:
        result = _Query(dns, client_address, envelope_sender, client_name).check()[0]
    except Exception:  # pyspf stumbles over odd names and records in many ways; none of them speaks for the sender
        result = "permerror"
    return Finding("spf", result, domain)


class _Query(spf.query):  # type: ignore[misc]  # pyspf has no types
    """pyspf's evaluation, with DNS asked by us: within a time, and whom we choose."""

    def __init__(self, dns: Dns, address: str, sender: str, name: str) -> None:
        self._dns = dns
        super().__init__(i=address, s=sender, h=name)

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:
        """The records of a name, as pyspf wants them. Counts names that have none (RFC 7208 4.6.4)."""
        key = (str(name).rstrip(".").lower(), qtype)
        if key not in self.cache:
            try:
                self.cache[key] = [_READ[qtype](record) for record in self._dns.ask(key[0], qtype)]
            except Unreachable as error:
                raise spf.TempError(str(error)) from error
        found: list[Any] = self.cache[key]
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many names that are not there")
        return found


_READ: dict[str, Callable[[Any], Any]] = {
    "A": lambda record: record.address,
    "AAAA": lambda record: record.address,
    "MX": lambda record: (record.preference, record.exchange.to_text(omit_final_dot=True)),
    "PTR": lambda record: record.target.to_text(omit_final_dot=True),
    "TXT": lambda record: record.strings,
    "SPF": lambda record: record.strings,
}
