"""Resolving names by a name server of the operator's choice, in place of the system's resolver.

Where outbound calls are made by names of callers, a resolver of their own keeps what is asked apart
from what the system asks, and can be one that knows public names alone.
"""

from __future__ import annotations

import ipaddress

import dns.asyncresolver
import dns.exception

from l7audit_stack.api.outbound import Resolver

_SECONDS = 2.0
"""How long an answer is waited for."""


def resolver_at(address: str) -> Resolver:
    """A resolver that asks at `host:port` and nowhere else; nothing is remembered.

    Raises ValueError where the address is none.
    """
    host, _, port = address.rpartition(":")
    server = dns.asyncresolver.Resolver(configure=False)
    server.nameservers = [host]
    server.port = int(port)
    server.lifetime = _SECONDS

    async def resolve(name: str, _port: int) -> tuple[str, ...]:
        try:
            return (str(ipaddress.ip_address(name)),)
        except ValueError:
            pass
        try:
            found = await server.resolve_name(name.rstrip(".") + ".")
        except dns.exception.DNSException as error:
            raise OSError(f"the name can't be resolved: {type(error).__name__}") from None
        return tuple(dict.fromkeys(found.addresses()))

    return resolve
