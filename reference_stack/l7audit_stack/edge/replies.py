"""Answers which the edge makes itself (no healthy replica, body too big, malformed request).

Clients can't tell who refused them, so these carry the same protective headers and the same
problem+json shape (RFC 9457) as the API's own refusals.
"""

from __future__ import annotations

from typing import Any

PROTECTIVE_HEADERS: tuple[tuple[str, str], ...] = (
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
)


def local_replies() -> dict[str, Any]:
    """`local_reply_config` of the HTTP connection manager. The body names no internals."""
    return {
        "mappers": [
            {
                "filter": {
                    "status_code_filter": {
                        "comparison": {
                            "op": "GE",
                            "value": {"default_value": 400, "runtime_key": "edge.local_reply"},
                        }
                    }
                },
                "headers_to_add": [
                    {
                        "header": {"key": name, "value": value},
                        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                    }
                    for name, value in PROTECTIVE_HEADERS
                ],
            }
        ],
        "body_format": {
            "json_format": {
                "type": "about:blank",
                "title": "The edge refused or could not deliver this request.",
                "status": "%RESPONSE_CODE%",
            },
            "content_type": "application/problem+json",
        },
    }
