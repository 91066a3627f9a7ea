"""How the edge reads a client's HTTP: limits, whom it believes, what it leaves alone."""

from __future__ import annotations

from typing import Any

from l7audit_stack.edge.replies import local_replies
from l7audit_stack.edge.routes import route_configuration
from l7audit_stack.edge.settings import EdgeSettings

# A client may not speak in the name of a proxy. Envoy would append to X-Forwarded-For and keep
# the client's own entry in front, which is the one that careless readers take.
CLAIMED_BY_CLIENTS = (
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-forwarded-client-cert",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "forwarded",
)

_EXTENSION = "type.googleapis.com/envoy.extensions"


def connection_manager(settings: EdgeSettings) -> dict[str, Any]:
    """The network filter that speaks HTTP/1.1 and HTTP/2 with clients."""
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": f"{_EXTENSION}.filters.network.http_connection_manager.v3"
            ".HttpConnectionManager",
            "stat_prefix": "edge",
            "codec_type": "AUTO",
            # The client is whoever holds the connection, whatever its headers say.
            "use_remote_address": True,
            "early_header_mutation_extensions": [
                {
                    "name": "envoy.http.early_header_mutation.header_mutation",
                    "typed_config": {
                        "@type": f"{_EXTENSION}.http.early_header_mutation.header_mutation.v3"
                        ".HeaderMutation",
                        "mutations": [{"remove": name} for name in CLAIMED_BY_CLIENTS],
                    },
                }
            ],
            # Nobody is internal, loopback neither: internal clients may steer Envoy by x-envoy-*.
            # An empty list would mean the private ranges, so it holds an address nobody has.
            "internal_address_config": {
                "unix_sockets": False,
                "cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": 32}],
            },
            # One reader of paths: the API sees the bytes that the client sent. If the edge
            # rewrote them, the two could disagree about which path is meant.
            "normalize_path": False,
            "merge_slashes": False,
            "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
            # No banner of the edge's own; what a replica sends stays visible to the auditor.
            "server_header_transformation": "PASS_THROUGH",
            "generate_request_id": True,
            "preserve_external_request_id": False,
            "common_http_protocol_options": {
                "idle_timeout": f"{settings.idle_timeout}s",
                "max_headers_count": settings.max_headers,
                # X_Forwarded_For and X-Forwarded-For are one name for many frameworks.
                "headers_with_underscores_action": "DROP_HEADER",
            },
            "http_protocol_options": {"accept_http_10": False},
            "http2_protocol_options": {
                "max_concurrent_streams": 100,
                "initial_stream_window_size": 65536,
                "initial_connection_window_size": 1048576,
            },
            "max_request_headers_kb": settings.max_headers_kib,
            "request_headers_timeout": f"{settings.headers_timeout}s",
            "request_timeout": f"{settings.request_timeout}s",
            "stream_idle_timeout": f"{settings.idle_timeout}s",
            "local_reply_config": local_replies(),
            "access_log": [_access_log(settings)],
            "route_config": route_configuration(settings),
            "http_filters": _filters(settings),
        },
    }


def _filters(settings: EdgeSettings) -> list[dict[str, Any]]:
    return [
        {
            # A replica is given whole requests: slow senders occupy the edge, not the API.
            "name": "envoy.filters.http.buffer",
            "typed_config": {
                "@type": f"{_EXTENSION}.filters.http.buffer.v3.Buffer",
                "max_request_bytes": settings.max_body_bytes,
            },
        },
        {
            "name": "envoy.filters.http.router",
            "typed_config": {
                "@type": f"{_EXTENSION}.filters.http.router.v3.Router",
                "suppress_envoy_headers": True,
            },
        },
    ]


def _access_log(settings: EdgeSettings) -> dict[str, Any]:
    """One JSON line a request. The query stays out of it: callers put secrets there."""
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{_EXTENSION}.access_loggers.file.v3.FileAccessLog",
            "path": settings.access_log,
            "log_format": {
                "json_format": {
                    "time": "%START_TIME%",
                    "method": "%REQ(:METHOD)%",
                    "path": "%PATH(NQ:PATH)%",
                    "status": "%RESPONSE_CODE%",
                    "flags": "%RESPONSE_FLAGS%",
                    "milliseconds": "%DURATION%",
                    "client": "%DOWNSTREAM_REMOTE_ADDRESS%",
                    "replica": "%UPSTREAM_HOST%",
                    "request_id": "%REQ(X-REQUEST-ID)%",
                }
            },
        },
    }
