"""Resolving names by a name server of the operator's choice, in place of the system's resolver.

Where outbound calls are made by names of callers, a resolver of their own keeps what is asked apart
from what the system asks, and can be one that knows public names alone.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import dns.asyncbackend
import dns.asyncquery
import dns.exception
import dns.inet
import dns.message
import dns.rdatatype

from l7audit_stack.api.outbound import Resolver

_SECONDS = 1.0
"""How long each answer is waited for: a name server of one's own is near."""

_KINDS = (dns.rdatatype.A, dns.rdatatype.AAAA)


def resolver_at(address: str) -> Resolver:
    """A resolver that asks the recursive server at `host:port` and nobody else; it remembers
    nothing.

    Raises ValueError where the address is none.
    """
    host, _, port = address.rpartition(":")
    server, number = str(ipaddress.ip_address(host)), int(port)

    async def addresses(name: str, kind: dns.rdatatype.RdataType) -> list[str]:
        query = dns.message.make_query(name, kind)
        backend = dns.asyncbackend.get_default_backend()
        # Connected: nobody else's answer is read, and that nobody listens there is known at once.
        asked = await backend.make_socket(  # type: ignore[no-untyped-call]
            dns.inet.af_for_address(server), socket.SOCK_DGRAM, destination=(server, number)
        )
        async with asked as udp:
            answer, _ = await dns.asyncquery.udp_with_fallback(
                query, server, _SECONDS, number, udp_sock=udp, backend=backend
            )
        return [record.address for rrset in answer.answer if rrset.rdtype == kind
                for record in rrset]  # fmt: skip

    async def resolve(name: str, _port: int) -> tuple[str, ...]:
        try:
            return (str(ipaddress.ip_address(name)),)
        except ValueError:
            pass
        try:
            found = await asyncio.gather(*(addresses(name, kind) for kind in _KINDS))
        except (dns.exception.DNSException, OSError) as error:
            raise OSError(f"the name can't be resolved: {type(error).__name__}") from None
        if not any(found):
            raise OSError("the name can't be resolved: it leads nowhere")
        return tuple(dict.fromkeys(a for part in found for a in part))

    return resolve
