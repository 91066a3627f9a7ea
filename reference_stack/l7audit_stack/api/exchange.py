"""One request as the service works on it, from its first header to its log line."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from l7audit_stack.api.operation import Operation
from l7audit_stack.api.security.buckets import Verdict
from l7audit_stack.api.security.principals import Principal


def read_headers(scope: Mapping[str, Any]) -> dict[str, str]:
    """Names are lower case; a repeated field is joined, so that no part sees just one of two."""
    given = scope["headers"]
    headers = {str(name, "latin-1"): str(value, "latin-1") for name, value in given}
    if len(headers) == len(given):
        return headers
    headers = {}
    for raw_name, raw_value in given:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


class Exchange:
    """Filled in as the request goes through the service.

    `notice` is when the presented key will end, in epoch seconds, where it is due to be replaced.
    """

    __slots__ = (
        "client",
        "headers",
        "limit",
        "method",
        "notice",
        "operation",
        "principal",
        "private",
        "request_id",
        "scope",
        "started",
        "verdict",
    )

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.scope = scope
        self.started = time.perf_counter()
        self.headers = read_headers(scope)
        self.method: str = scope["method"]
        self.private = "authorization" in self.headers or "x-api-key" in self.headers
        self.client = ""
        self.notice: float | None = None
        self.request_id = ""
        self.operation: Operation | None = None
        self.principal: Principal | None = None
        self.verdict: Verdict | None = None
        self.limit = ""
