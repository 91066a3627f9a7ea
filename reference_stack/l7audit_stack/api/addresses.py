"""Which network addresses this service may call on a caller's behalf.

Only addresses of the public internet count: everything else (loopback, private, link-local, shared,
multicast, reserved, cloud metadata) is refused, and so is an IPv6 form that carries such an IPv4
address inside it, since the network would route it there.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Metadata and host services that clouds answer on addresses the registries call public.
_METADATA = frozenset(ipaddress.ip_address(text) for text in ("168.63.129.16", "192.0.0.192"))
# Listed because older Python releases call parts of them global.
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4")
)
# Address translation (64:ff9b::) and the old IPv4-compatible form.
_TRANSLATED = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))


def is_public(address: Address) -> bool:
    """True where `address`, and any IPv4 address embedded in it, is on the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None or any(address in network for network in _TRANSLATED):
            return False
        if not all(is_public(inner) for inner in _embedded(address)):
            return False
        if address.ipv4_mapped is not None:
            return True
    if address in _METADATA or any(
        address.version == network.version and address in network for network in _SPECIAL
    ):
        return False
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.is_loopback
        or address.is_link_local
        or address.is_private
    )


def _embedded(address: ipaddress.IPv6Address) -> tuple[ipaddress.IPv4Address, ...]:
    """The IPv4 addresses that a transition mechanism would send this address's packets to."""
    inner: list[ipaddress.IPv4Address] = []
    if address.ipv4_mapped is not None:
        inner.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        inner.append(address.sixtofour)
    if address.teredo is not None:
        inner.extend(address.teredo)
    return tuple(inner)
