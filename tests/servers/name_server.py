"""A DNS server that knows what it is told, by UDP."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]
"""The records of a name and kind, each as a zone file has them."""


class NameServer:
    """Answers from `zone`; about the names in `silent` it says nothing, and of those in `failing` that it failed."""

    def __init__(self, zone: Zone) -> None:
        self.zone = dict(zone)
        self.silent: set[str] = set()
        self.failing: set[str] = set()
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._socket.getsockname()
        self._ended = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def text(self, name: str, *records: str) -> None:
        """Publish text records, each cut into strings as DNS wants them."""
        pieces = [[record[i : i + 200] for i in range(0, len(record), 200)] for record in records]
        self.zone[name, "TXT"] = [" ".join(f'"{piece}"' for piece in record) for record in pieces]

    @property
    def setting(self) -> str:
        """As `intake.authentication.nameserver` names it."""
        return f"{self.address[0]}:{self.address[1]}"

    def close(self) -> None:
        self._ended = True
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waking:
            waking.sendto(b"", self.address)
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, client = self._socket.recvfrom(4_096)
            if self._ended:
                return
            query = dns.message.from_wire(data)
            question = query.question[0]
            name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
            self.asked.append(name)
            if name in self.silent:
                continue
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            records = self.zone.get((name, kind), ())
            if name in self.failing:
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif records:
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
            elif not any(known == name for known, _ in self.zone):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self._socket.sendto(answer.to_wire(), client)


@contextmanager
def name_server(zone: Zone | None = None) -> Iterator[NameServer]:
    server = NameServer(zone or {})
    try:
        yield server
    finally:
        server.close()
