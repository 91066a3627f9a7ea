"""Where the parts of a stack listen, as they see each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Protocol

from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.topology import Kind, Topology

ANY = "0.0.0.0"
_FIRST = 10  # of a network's addresses; the engine keeps the first ones for itself


@dataclass(frozen=True, slots=True)
class Seat:
    """What a component binds to, and the address and port by which the others reach it."""

    bind: str
    host: str
    port: int

    @property
    def address(self) -> str:
        """`host:port`, as it stands in URLs."""
        return f"{self.host}:{self.port}"


def on_loopback(port: int) -> Seat:
    """The seat of a process of this machine."""
    return Seat(LOOPBACK, LOOPBACK, port)


class Seats(Protocol):
    """Gives each component its seat."""

    def take(self, kind: Kind, port: int) -> Seat:
        """A seat; `port` is the loopback port at which this machine reaches the component."""
        ...


class LoopbackSeats:
    """All components share this machine's loopback, on ports of their own."""

    def take(self, kind: Kind, port: int) -> Seat:
        return on_loopback(port)


class NetworkSeats:
    """Each component has an address of its own, which it keeps when it is started again, and the
    port that the topology names."""

    def __init__(self, subnet: IPv4Network, topology: Topology) -> None:
        self._ports = {part.kind: part.ports[0].number for part in topology if part.ports}
        self._addresses: Iterator[str] = (str(subnet[n]) for n in range(_FIRST, 255))

    def take(self, kind: Kind, port: int) -> Seat:
        return Seat(ANY, next(self._addresses), self._ports[kind])
