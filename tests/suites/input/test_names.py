"""A name server of our own, asked by a resolver as a target has one."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from l7audit_stack.api.name_server import resolver_at
from l7audit_suites.input.names import Names, naming


@pytest.fixture
def address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def names(address: str) -> Iterator[Names]:
    with naming(address) as found:
        yield found


def led(address: str, name: str) -> tuple[str, ...]:
    return asyncio.run(resolver_at(address)(name, 443))


@pytest.mark.parametrize("there", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_a_name_leads_where_it_was_pointed(names: Names, address: str, there: str) -> None:
    assert led(address, names.made(there)) == (there,)


def test_a_name_may_lead_to_several_addresses(names: Names, address: str) -> None:
    assert set(led(address, names.made("127.0.0.1", "::1"))) == {"127.0.0.1", "::1"}


def test_a_name_leads_elsewhere_as_soon_as_it_is_pointed_there(names: Names, address: str) -> None:
    name = names.made("192.31.196.1")
    assert led(address, name) == ("192.31.196.1",)
    names.point(name, "127.0.0.1")
    assert led(address, name) == ("127.0.0.1",)


def test_it_is_known_whether_a_name_of_ours_was_asked_for(names: Names, address: str) -> None:
    name = names.made("127.0.0.1")
    names.point("example.org", "192.31.196.1")
    led(address, "example.org")
    assert names.asked_in_all == 0
    led(address, name)
    assert names.asked_in_all > 0


@pytest.mark.usefixtures("names")
def test_a_name_that_nobody_made_leads_nowhere(address: str) -> None:
    with pytest.raises(OSError, match="can't be resolved"):
        led(address, "elsewhere.example")


def test_an_address_is_no_name(address: str) -> None:
    assert led(address, "127.0.0.1") == ("127.0.0.1",)
