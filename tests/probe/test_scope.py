from __future__ import annotations

import pytest

from l7audit.errors import BudgetSpentError, OutOfScopeError, ProviderError
from l7audit.model import Safety, Target
from l7audit.probe.scope import Meter, Origin, Scope
from l7audit.profile import Budget


def target(base: str, *origins: str, replicas: tuple[str, ...] = ()) -> Target:
    return Target(
        name="t",
        provider="p",
        base_url=base,
        capabilities=[],
        origins=list(origins),
        replicas=list(replicas),
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://EXAMPLE.org/x?y", "https://example.org"),
        ("https://example.org:443", "https://example.org"),
        ("http://example.org:8080/", "http://example.org:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, shown: str) -> None:
    assert str(Origin.of(url)) == shown


@pytest.mark.parametrize(
    "url", ["ftp://x", "//x", "x", "https://", "https://a:b@x", "http://x:99999", "http://[x"]
)
def test_what_is_no_plain_http_url_has_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Origin.of(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.org.evil.example/",
        "http://api.example.org/",
        "https://api.example.org:8443/",
        "https://sub.api.example.org/",
        "https://api.example.org@evil.example/",
        "https://evil.example/https://api.example.org/",
    ],
)
def test_whatever_is_not_exactly_an_origin_of_the_target_is_out_of_scope(url: str) -> None:
    scope = Scope.of(target("https://api.example.org"))
    with pytest.raises(OutOfScopeError):
        scope.admit(url)


def test_declared_origins_are_the_only_ones() -> None:
    scope = Scope.of(target("https://a.example", "https://b.example"))
    assert str(scope.admit("https://b.example/x")) == "https://b.example"
    with pytest.raises(OutOfScopeError, match=r"https://b\.example"):
        scope.admit("https://a.example/")


def test_without_declared_origins_base_url_and_replicas_count() -> None:
    scope = Scope.of(target("https://a.example", replicas=("http://127.0.0.1:1",)))
    assert scope.admit("https://a.example/x")
    assert scope.admit("http://127.0.0.1:1/")


def test_a_malformed_origin_is_told_of_at_once() -> None:
    with pytest.raises(ProviderError, match="unusable"):
        Scope.of(target("nonsense"))


def test_a_level_above_the_allowed_one_is_out_of_scope() -> None:
    scope = Scope(["https://a.example"], Safety.ACTIVE)
    scope.require(Safety.PASSIVE, "Reading")
    scope.require(Safety.ACTIVE, "Asking")
    with pytest.raises(OutOfScopeError, match="disruptive"):
        scope.require(Safety.DISRUPTIVE, "Killing a part")


def test_a_spent_budget_is_an_error_that_says_so() -> None:
    meter = Meter(Budget(requests=2))
    meter.take()
    meter.take()
    with pytest.raises(BudgetSpentError, match="2 requests"):
        meter.take()
    assert meter.spent == 2


def test_the_rate_allows_a_second_at_once_and_then_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("l7audit.probe.scope.time.sleep", slept.append)
    monkeypatch.setattr("l7audit.probe.scope.time.monotonic", lambda: 100.0)
    meter = Meter(Budget(per_second=10))
    for _ in range(10):
        meter.take()
    assert slept == []
    meter.take()
    meter.take()
    assert slept == pytest.approx([0.1, 0.2])
