"""URLs that lead to where no caller should send a service, in the forms that guards overlook."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

PUBLIC = "https://example.org/l7audit"
"""A harmless URL: stored, and never called by a check."""


PLAINLY = "plain"
"""How loopback is written by whoever needs no disguise."""


def loopback(port: int, path: str, scheme: str = "http") -> dict[str, str]:
    """URLs of this machine's port, by how they are written. All of them lead to loopback for
    somebody who reads them so."""
    hosts = {
        PLAINLY: "127.0.0.1",
        "name in capitals with a dot": "LOCALHOST.",
        "name below localhost": "l7audit.localhost",
        "machine's own name": socket.gethostname(),
        "short": "127.1",
        "decimal": "2130706433",
        "octal": "0177.0.0.1",
        "address with a dot": "127.0.0.1.",
        "neighbour": "127.9.8.7",
        "any address": "0.0.0.0",
        "any IPv6 address": "[::]",
        "IPv4 in IPv6, hexadecimal": "[::ffff:7f00:1]",
        "user and password": "example.org:443@127.0.0.1",
        "circled dots": "127\u30020\u30020\u30021",
        "name": "localhost",
        "name with a dot": "localhost.",
        "upper case": "LOCALHOST",
        "name of the hosts file": "ip6-localhost",
        "hexadecimal": "0x7f000001",
        "mixed": "0x7f.1",
        "IPv6": "[::1]",
        "IPv6, written out": "[0:0:0:0:0:0:0:1]",
        "IPv4 in IPv6": "[::ffff:127.0.0.1]",
        "user before": "example.org@127.0.0.1",
        "full-width digits": "\uff11\uff12\uff17.0.0.1",
    }
    tricks = {
        "backslash": f"{scheme}://127.0.0.1:{port}\\@example.org{path}",
        "fragment": f"{scheme}://127.0.0.1:{port}{path}#@example.org",
    }
    return {name: f"{scheme}://{host}:{port}{path}" for name, host in hosts.items()} | tricks


_NAMES = ("name in capitals with a dot", "name below localhost", "machine's own name")
_NUMBERS = ("short", "decimal", "octal")
_OF_SIX = ("any IPv6 address", "IPv4 in IPv6, hexadecimal")

LEADERS: dict[str, tuple[str, ...]] = {
    "name": _NAMES,
    "name with a dot": _NAMES,
    "upper case": _NAMES,
    "name of the hosts file": _NAMES,
    "hexadecimal": _NUMBERS,
    "mixed": _NUMBERS,
    "IPv6": _OF_SIX,
    "IPv6, written out": _OF_SIX,
    "IPv4 in IPv6": _OF_SIX,
    "user before": ("user and password",),
    "full-width digits": ("circled dots",),
}
"""Forms whose disguise is less than that of others of their kind, which stand here: where all of
those are refused, they tell nothing more."""

FEW = (
    PLAINLY,
    "name in capitals with a dot",
    "decimal",
    "any address",
    "IPv4 in IPv6, hexadecimal",
)
"""Forms of several kinds, where a guard was seen to know all of them, and may not stand at this
entrance."""

OF_THE_SYSTEM = ("name of the hosts file", "machine's own name")
"""Forms that lead there only by the resolver of the machine itself."""


def on_this_machine(url: str) -> bool:
    """Whether a target's address is loopback, so that a listener of ours is within its reach."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


METADATA = {
    "IPv4": "169.254.169.254",
    "decimal": "2852039166",
    "hexadecimal": "0xa9fea9fe",
    "octal": "0251.0376.0251.0376",
    "IPv4 in IPv6": "[::ffff:169.254.169.254]",
    "IPv6": "[fd00:ec2::254]",
    "name": "metadata.google.internal",
    "other provider": "100.100.100.200",
    "container tasks": "169.254.170.2",
}
"""Where clouds tell machines their credentials. No check ever lets one of them be called."""

SCHEMES = (
    "file:///l7audit/nothing",
    "ftp://example.org/l7audit",
    "gopher://example.org/l7audit",
    "dict://example.org/l7audit",
    "ldap://example.org/l7audit",
    "data:text/plain,l7audit",
    "javascript:void(0)",
    "jar:https://example.org/l7audit!/a",
)
"""Schemes that libraries follow and webhooks don't need."""
