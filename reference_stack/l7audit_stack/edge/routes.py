"""Which request goes where, and which may be sent a second time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from l7audit_stack.edge.settings import EdgeSettings

# RFC 9110 9.2.2: sending these twice has the effect of sending them once.
REPEATABLE = "GET|HEAD|OPTIONS|PUT|DELETE"


def route_configuration(settings: EdgeSettings) -> dict[str, Any]:
    """All paths go to the API: authorisation by path is its business, never the edge's."""
    return {
        "name": "api",
        # One entry, the address of the connection. Envoy's own entry for a client on loopback
        # is the machine's outer address, which would make all local clients one.
        "request_headers_to_add": [
            {
                "header": {
                    "key": "x-forwarded-for",
                    "value": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%",
                },
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
        "virtual_hosts": [
            {
                "name": "api",
                "domains": ["*"],
                "routes": [
                    _route(
                        settings,
                        # `reset` matters: without it each killed replica costs a request.
                        "connect-failure,refused-stream,unavailable,reset",
                        {"name": ":method", "string_match": _regex(REPEATABLE)},
                        # A frozen replica keeps its connections open and says nothing.
                        {"per_try_idle_timeout": f"{settings.silence_timeout}s"},
                    ),
                    # Others are repeated only if no replica can have begun to work on them.
                    _route(settings, "connect-failure,refused-stream,reset-before-request"),
                ],
            }
        ],
    }


def _regex(pattern: str) -> dict[str, Any]:
    return {"safe_regex": {"regex": pattern}}


def _route(
    settings: EdgeSettings,
    retry_on: str,
    header: dict[str, Any] | None = None,
    patience: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    match: dict[str, Any] = {"prefix": "/"}
    if header is not None:
        match["headers"] = [header]
    return {
        "match": match,
        "route": {
            "cluster": "api",
            "timeout": f"{settings.request_timeout}s",
            "retry_policy": {
                "retry_on": retry_on,
                **patience,
                "num_retries": 2,
                "retry_host_predicate": [
                    {
                        "name": "envoy.retry_host_predicates.previous_hosts",
                        "typed_config": {
                            "@type": "type.googleapis.com/envoy.extensions.retry.host."
                            "previous_hosts.v3.PreviousHostsPredicate"
                        },
                    }
                ],
                "host_selection_retry_max_attempts": 3,
                "retry_back_off": {"base_interval": "0.010s", "max_interval": "0.100s"},
            },
        },
    }
