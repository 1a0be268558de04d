"""Questions to DNS, all of which together may take so long and no longer."""

from collections.abc import Sequence
from time import monotonic
from typing import Any

import dns.exception
import dns.nameserver
import dns.resolver

from postroom.models.failures import Unreachable

SECONDS = 5.0
"""For all questions about one message. They go to servers that its sender chose, and others wait meanwhile."""


class Dns:
    """Asks `nameserver` (address and port), or the machine's own where that is None, for `seconds` from now on."""

    def __init__(self, nameserver: tuple[str, int] | None = None, seconds: float = SECONDS) -> None:
        self._until = monotonic() + seconds
        self._nameserver = nameserver
        self._resolver: dns.resolver.Resolver | None = None

    def texts(self, name: str) -> list[bytes]:
        """The text records of a name, each in one piece. Raises `Unreachable`."""
        return [b"".join(record.strings) for record in self.ask(name, "TXT")]

    def ask(self, name: str, kind: str) -> Sequence[Any]:
        """The records of a name; none where there are none, or where it can't be a name.

        Raises `Unreachable` where DNS did not answer, or the time is over: then nothing is known.
        """
        left = self._until - monotonic()
        if left <= 0:
            raise Unreachable("DNS took too long")
        try:
            return list(self._opened().resolve(name, kind, lifetime=left, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.YXDOMAIN):
            return []
        except (dns.exception.Timeout, dns.resolver.NoNameservers, dns.resolver.NoResolverConfiguration) as error:
            raise Unreachable(f"DNS did not answer: {type(error).__name__}") from error
        except (dns.exception.DNSException, UnicodeError, ValueError):
            return []
        except OSError as error:
            raise Unreachable(f"DNS can't be reached: {type(error).__name__}") from error

    def _opened(self) -> dns.resolver.Resolver:
        if self._resolver is None:
            self._resolver = dns.resolver.Resolver(configure=self._nameserver is None)
            if self._nameserver is not None:
                self._resolver.nameservers = [dns.nameserver.Do53Nameserver(*self._nameserver)]
        return self._resolver
