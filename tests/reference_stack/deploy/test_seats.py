"""Where components listen, in both ways of running them."""

from __future__ import annotations

from ipaddress import IPv4Network

from l7audit_stack.deploy.seats import ANY, LoopbackSeats, NetworkSeats, Seat, on_loopback
from l7audit_stack.deploy.topology import Kind, reference_topology


def test_processes_share_loopback_on_ports_of_their_own() -> None:
    seats = LoopbackSeats()
    assert seats.take(Kind.API, 12001) == on_loopback(12001)
    assert on_loopback(12001).address == "127.0.0.1:12001"


def test_containers_have_an_address_each_and_the_topologys_ports() -> None:
    seats = NetworkSeats(IPv4Network("172.30.0.0/16"), reference_topology())
    taken = [seats.take(kind, 12001) for kind in (Kind.POSTGRES, Kind.API, Kind.API, Kind.EDGE)]
    assert taken == [
        Seat(ANY, "172.30.0.10", 5432),
        Seat(ANY, "172.30.0.11", 8080),
        Seat(ANY, "172.30.0.12", 8080),
        Seat(ANY, "172.30.0.13", 8443),
    ]
