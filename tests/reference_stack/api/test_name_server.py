"""Names are asked for at the operator's name server, and nowhere else."""

from __future__ import annotations

import asyncio
import socket

import pytest

from l7audit_stack.api.name_server import resolver_at


def test_where_nobody_answers_the_name_leads_nowhere() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OSError, match="can't be resolved"):
        asyncio.run(resolver_at(f"127.0.0.1:{port}")("api.example", 443))


def test_an_address_is_asked_of_nobody() -> None:
    assert asyncio.run(resolver_at("127.0.0.1:9")("192.0.2.1", 443)) == ("192.0.2.1",)


@pytest.mark.parametrize("address", ["", "localhost:53", "127.0.0.1:", "127.0.0.1:dns"])
def test_what_is_no_address_is_told_at_the_start(address: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        resolver_at(address)
