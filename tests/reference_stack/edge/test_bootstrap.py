"""The edge's configuration as a document."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from l7audit_stack.edge.bootstrap import bootstrap
from l7audit_stack.edge.settings import EdgeSettings, Upstream

SETTINGS = EdgeSettings(
    listen_host="127.0.0.1",
    listen_port=8443,
    certificate_file="/tls/server.pem",
    key_file="/tls/server.key",
    upstreams=(Upstream("api-1", 8080), Upstream("api-2", 8080)),
    ready_path="/health/ready",
    admin_socket="/run/edge.admin",
    access_log="/logs/edge-access.log",
)


def _routes(document: dict[str, Any]) -> list[dict[str, Any]]:
    chain = document["static_resources"]["listeners"][0]["filter_chains"][0]
    manager = chain["filters"][0]["typed_config"]
    routes: list[dict[str, Any]] = manager["route_config"]["virtual_hosts"][0]["routes"]
    return routes


def test_equal_settings_give_equal_documents_that_are_json() -> None:
    assert json.loads(json.dumps(bootstrap(SETTINGS))) == bootstrap(replace(SETTINGS))


def test_each_replica_is_an_endpoint() -> None:
    cluster = bootstrap(SETTINGS)["static_resources"]["clusters"][0]
    endpoints = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"]
    hosts = [e["endpoint"]["address"]["socket_address"]["address"] for e in endpoints]
    assert hosts == ["api-1", "api-2"]


def test_the_admin_interface_has_no_port() -> None:
    assert bootstrap(SETTINGS)["admin"]["address"] == {
        "pipe": {"path": "/run/edge.admin", "mode": 0o600}
    }


def test_only_requests_that_may_be_repeated_are_repeated_after_a_reset() -> None:
    first, other = _routes(bootstrap(SETTINGS))
    methods = first["match"]["headers"][0]["string_match"]["safe_regex"]["regex"].split("|")
    assert "GET" in methods
    assert not {"POST", "PATCH"} & set(methods)
    assert "reset" in first["route"]["retry_policy"]["retry_on"].split(",")
    assert "reset" not in other["route"]["retry_policy"]["retry_on"].split(",")
    assert "headers" not in other["match"]


def test_what_may_be_repeated_is_when_a_replica_is_silent_and_what_may_not_waits() -> None:
    first, other = (route["route"]["retry_policy"] for route in _routes(bootstrap(SETTINGS)))
    assert first["per_try_idle_timeout"] == "3.0s"
    assert "per_try_idle_timeout" not in other


def test_a_dying_replica_under_load_does_not_use_up_the_repeats() -> None:
    (thresholds,) = bootstrap(SETTINGS)["static_resources"]["clusters"][0]["circuit_breakers"][
        "thresholds"
    ]
    assert thresholds["retry_budget"]["min_retry_concurrency"] >= 32


def test_an_edge_in_front_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one API replica"):
        replace(SETTINGS, upstreams=())
