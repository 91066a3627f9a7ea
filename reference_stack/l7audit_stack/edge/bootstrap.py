"""The whole Envoy configuration, as a pure function of `EdgeSettings`."""

from __future__ import annotations

from typing import Any

from l7audit_stack.edge.connection import connection_manager
from l7audit_stack.edge.settings import EdgeSettings

HEALTH_CHECK_CLIENT = "192.0.2.1"  # RFC 5737, never routed

_EXTENSION = "type.googleapis.com/envoy.extensions"


def bootstrap(settings: EdgeSettings) -> dict[str, Any]:
    """An Envoy v3 bootstrap document: one TLS listener, one cluster of health-checked replicas."""
    return {
        "admin": {"address": {"pipe": {"path": settings.admin_socket, "mode": 0o600}}},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": f"{_EXTENSION}.resource_monitors.downstream_connections.v3"
                        ".DownstreamConnectionsConfig",
                        "max_active_downstream_connections": settings.max_connections,
                    },
                }
            ]
        },
        "static_resources": {
            "listeners": [_listener(settings)],
            "clusters": [_cluster(settings)],
        },
    }


def _listener(settings: EdgeSettings) -> dict[str, Any]:
    return {
        "name": "https",
        "address": _address(settings.listen_host, settings.listen_port),
        "per_connection_buffer_limit_bytes": 1048576,
        # A client that opens a connection and never finishes the handshake is let go.
        "filter_chains": [
            {
                "transport_socket_connect_timeout": f"{settings.headers_timeout}s",
                "transport_socket": {
                    "name": "envoy.transport_sockets.tls",
                    "typed_config": {
                        "@type": f"{_EXTENSION}.transport_sockets.tls.v3.DownstreamTlsContext",
                        "common_tls_context": {
                            "alpn_protocols": ["h2", "http/1.1"],
                            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                            "tls_certificates": [
                                {
                                    "certificate_chain": {"filename": settings.certificate_file},
                                    "private_key": {"filename": settings.key_file},
                                }
                            ],
                        },
                    },
                },
                "filters": [connection_manager(settings)],
            }
        ],
    }


def _cluster(settings: EdgeSettings) -> dict[str, Any]:
    return {
        "name": "api",
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "lb_policy": "ROUND_ROBIN",
        "common_lb_config": {
            # Never send to a replica that is known to be down, even if all are: 503 is the truth.
            "healthy_panic_threshold": {"value": 0},
            # By default news of a replica's health may reach the workers a second late.
            "update_merge_window": "0s",
        },
        # By default three repetitions at a time: the death of a replica under load takes more. They
        # are bounded all the same, so that they can't drown what is left.
        "circuit_breakers": {
            "thresholds": [
                {
                    "retry_budget": {
                        "budget_percent": {"value": 25.0},
                        "min_retry_concurrency": 32,
                    }
                }
            ]
        },
        "health_checks": [
            {
                "interval": f"{settings.health_interval}s",
                # Before its first request a cluster keeps to these alone.
                "no_traffic_interval": f"{settings.unhealthy_interval}s",
                "no_traffic_healthy_interval": f"{settings.health_interval}s",
                "unhealthy_interval": f"{settings.unhealthy_interval}s",
                "unhealthy_edge_interval": f"{settings.unhealthy_interval}s",
                "timeout": f"{settings.health_timeout}s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                # A connection kept from before a restart would fail the first check after it.
                "reuse_connection": False,
                "http_health_check": {
                    "path": settings.ready_path,
                    "host": "edge-health-check",
                    # An address nobody has: checks must not draw on a client's rate limit.
                    "request_headers_to_add": [
                        {"header": {"key": "x-forwarded-for", "value": HEALTH_CHECK_CLIENT}}
                    ],
                },
            }
        ],
        "load_assignment": {
            "cluster_name": "api",
            "endpoints": [
                {
                    "lb_endpoints": [
                        {"endpoint": {"address": _address(upstream.host, upstream.port)}}
                        for upstream in settings.upstreams
                    ]
                }
            ],
        },
    }


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}
