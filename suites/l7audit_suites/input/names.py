"""A name server of our own: what a name of ours leads to, and who asked for it."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

_DOMAIN = "l7audit.example"
"""Under a domain that nobody can have (RFC 2606)."""

LEADS = {
    "loopback": "127.0.0.1",
    "another address of loopback": "127.9.8.7",
    "IPv6 loopback": "::1",
    "IPv4 in IPv6": "::ffff:127.0.0.1",
    "any address": "0.0.0.0",
}
"""Where a name of somebody else's may lead: back to the target's own machine."""

SINK = "192.31.196.1"
"""A public address that takes in what nobody wants (AS112, RFC 7535). No check lets it be
called."""

_MOST_BYTES = 4096
_BIND_SECONDS = 5.0


class Names:
    """Answers for names that `made` gives, with a life of zero seconds; others don't exist."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._addresses: dict[str, Sequence[str]] = {}
        self._asked: dict[str, int] = {}

    def made(self, *addresses: str) -> str:
        """A new name that leads there."""
        name = f"{secrets.token_hex(6)}.{_DOMAIN}"
        self.point(name, *addresses)
        return name

    def point(self, name: str, *addresses: str) -> None:
        """From now on the name leads there."""
        with self._lock:
            self._addresses[name] = addresses

    @property
    def asked_in_all(self) -> int:
        """How often somebody asked for a name of ours."""
        with self._lock:
            return sum(n for name, n in self._asked.items() if name.endswith(_DOMAIN))

    def serve(self, server: socket.socket) -> None:
        """Answers until the socket is closed."""
        with contextlib.suppress(OSError):
            while True:
                packet, peer = server.recvfrom(_MOST_BYTES)
                with contextlib.suppress(dns.exception.DNSException):
                    server.sendto(self._answer(packet), peer)

    def _answer(self, packet: bytes) -> bytes:
        query = dns.message.from_wire(packet)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True).lower()
        with self._lock:
            self._asked[name] = self._asked.get(name, 0) + 1
            addresses = self._addresses.get(name)
        kind = {dns.rdatatype.A: ".", dns.rdatatype.AAAA: ":"}.get(question.rdtype, "?")
        fitting = [a for a in addresses or () if kind in a and (kind == ":" or ":" not in a)]
        if addresses is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif fitting:
            answer.answer.append(
                dns.rrset.from_text_list(question.name, 0, "IN", question.rdtype, fitting)
            )
        return answer.to_wire()


@contextmanager
def naming(address: str) -> Iterator[Names]:
    """Answers at `host:port`, by UDP, while the block lasts. Errors: `OSError`."""
    host, _, port = address.rpartition(":")
    found = Names()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        _bind(server, host, int(port))
        thread = threading.Thread(target=found.serve, args=(server,), daemon=True)
        thread.start()
        try:
            yield found
        finally:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join(timeout=2)


def _bind(server: socket.socket, host: str, port: int) -> None:
    """Takes the address, which a check beside this one may still have."""
    end = time.monotonic() + _BIND_SECONDS
    while True:
        try:
            server.bind((host, port))
        except OSError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.05)
        else:
            return
