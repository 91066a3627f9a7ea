"""Planted defects of the edge: what Envoy lets in, and what it tells about itself."""

from __future__ import annotations

from typing import Any

from l7audit_stack.defects.defect import Defect


def _listener(bootstrap: dict[str, Any]) -> dict[str, Any]:
    listener: dict[str, Any] = bootstrap["static_resources"]["listeners"][0]
    return listener


def connection_manager(bootstrap: dict[str, Any]) -> dict[str, Any]:
    """The settings of the filter that speaks HTTP with clients, to be changed in place."""
    filters = _listener(bootstrap)["filter_chains"][0]["filters"]
    settings: dict[str, Any] = filters[0]["typed_config"]
    return settings


def _announce_envoy(bootstrap: dict[str, Any]) -> dict[str, Any]:
    connection_manager(bootstrap)["server_header_transformation"] = "OVERWRITE"
    return bootstrap


def believe_forwarded_for(bootstrap: dict[str, Any]) -> dict[str, Any]:
    """Lets a client's own X-Forwarded-For through to the replicas, as the only one."""
    manager = connection_manager(bootstrap)
    manager["use_remote_address"] = False
    del manager["early_header_mutation_extensions"]
    del manager["route_config"]["request_headers_to_add"]
    return bootstrap


def _allow_old_tls(bootstrap: dict[str, Any]) -> dict[str, Any]:
    chain = _listener(bootstrap)["filter_chains"][0]
    context = chain["transport_socket"]["typed_config"]["common_tls_context"]
    # The newer ciphers alone would keep old clients out whatever the lowest version is.
    ciphers = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA"]
    context["tls_params"] |= {
        "tls_minimum_protocol_version": "TLSv1_0",
        "cipher_suites": ciphers,
    }
    return bootstrap


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="edge.banner",
        summary="Every answer names the edge's product in a Server header.",
        edge=_announce_envoy,
    ),
    Defect(
        name="edge.forwarded-for-believed",
        summary="The edge passes on the X-Forwarded-For that a client made up.",
        edge=believe_forwarded_for,
    ),
    Defect(
        name="edge.old-tls",
        summary="The edge accepts TLS 1.0 and 1.1.",
        edge=_allow_old_tls,
    ),
)
