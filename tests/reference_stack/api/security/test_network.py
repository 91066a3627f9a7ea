"""Client addresses and request ids."""

from __future__ import annotations

import pytest

from l7audit_stack.api.security.network import ClientAddress, RequestIds


@pytest.mark.parametrize(
    ("peer", "forwarded", "hops", "client"),
    [
        ("9.9.9.9", None, 1, "9.9.9.9"),
        ("9.9.9.9", "1.1.1.1", 1, "9.9.9.9"),
        ("10.0.0.1", None, 1, "10.0.0.1"),
        ("10.0.0.1", "1.1.1.1", 1, "1.1.1.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1", 1, "1.1.1.1"),
        # A client on the proxy's own address can't invent one by what it sends.
        ("10.0.0.1", "6.6.6.6, 10.0.0.1", 1, "10.0.0.1"),
        ("10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", 2, "1.1.1.1"),
        ("10.0.0.1", "1.1.1.1, nonsense", 1, "10.0.0.1"),
        ("10.0.0.1", "", 1, "10.0.0.1"),
        ("10.0.0.1", "::ffff:1.1.1.1", 1, "1.1.1.1"),
        ("10.0.0.1", "2001:DB8::1", 1, "2001:db8::1"),
    ],
)
def test_the_client_is_what_the_nearest_proxies_of_ours_saw(
    peer: str, forwarded: str | None, hops: int, client: str
) -> None:
    rule = ClientAddress(trusted=frozenset({"10.0.0.1", "10.0.0.2"}), hops=hops)
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    assert rule.of(peer, headers) == client


def test_request_ids_differ() -> None:
    ids = RequestIds()
    made = {ids.of({}, from_proxy=False) for _ in range(100)}
    assert len(made) == 100
    assert RequestIds().of({}, from_proxy=False)[:12] != next(iter(made))[:12]


@pytest.mark.parametrize(
    ("given", "from_proxy", "kept"),
    [
        ("0b6c1f3e-8a57", True, True),
        ("0b6c1f3e-8a57", False, False),
        ("short", True, False),
        ("x" * 65, True, False),
        ("0b6c1f3e\r\nX-Evil: 1", True, False),
        ("0b6c1f3e\n", True, False),
        ('0b6c1f3e"}', True, False),
    ],
)
def test_only_a_proxys_well_formed_id_is_kept(given: str, from_proxy: bool, kept: bool) -> None:
    made = RequestIds().of({"x-request-id": given}, from_proxy=from_proxy)
    assert (made == given) is kept
