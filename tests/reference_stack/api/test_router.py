"""Routes: one spelling leads to one operation."""

from __future__ import annotations

import pytest

from l7audit_stack.api.operation import Call, Operation, Reply
from l7audit_stack.api.router import Router


async def _handler(_call: Call) -> Reply:
    return Reply()


def _operation(method: str, path: str) -> Operation:
    return Operation(
        name=f"{method} {path}",
        method=method,
        path=path,
        handler=_handler,
        summary="",
        tag="",
        public=True,
    )


ROUTER = Router(
    [
        _operation("GET", "/v1/keys"),
        _operation("POST", "/v1/keys/retire"),
        _operation("GET", "/v1/keys/{key_id}"),
        _operation("POST", "/v1/keys/{key_id}/rotate"),
        _operation("GET", "/v1/files/{path:path}"),
    ]
)


@pytest.mark.parametrize(
    ("path", "method", "name", "parameters"),
    [
        ("/v1/keys", "GET", "GET /v1/keys", {}),
        ("/v1/keys/retire", "POST", "POST /v1/keys/retire", {}),
        ("/v1/keys/7", "GET", "GET /v1/keys/{key_id}", {"key_id": "7"}),
        ("/v1/keys/7/rotate", "POST", "POST /v1/keys/{key_id}/rotate", {"key_id": "7"}),
        ("/v1/files/a/b.txt", "GET", "GET /v1/files/{path:path}", {"path": "a/b.txt"}),
        ("/v1/keys", "HEAD", "GET /v1/keys", {}),
    ],
)
def test_a_path_leads_to_its_operation(
    path: str, method: str, name: str, parameters: dict[str, str]
) -> None:
    match = ROUTER.match(path)
    assert match is not None
    assert match.methods[method].name == name
    assert match.parameters == parameters


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/keys/", "/V1/keys", "/v1/Keys", "/v1/keys/7/", "/v1/files", "/v1/files/", ""],
)
def test_any_other_spelling_leads_nowhere(path: str) -> None:
    assert ROUTER.match(path) is None


def test_plain_paths_are_found_without_walking() -> None:
    assert ROUTER.plain(b"/v1/keys") is not None
    assert ROUTER.plain(b"/v1/keys/7") is None


def test_two_operations_on_one_route_are_refused() -> None:
    with pytest.raises(ValueError, match="two operations"):
        Router([_operation("GET", "/a/{x}"), _operation("GET", "/a/{x}")])
