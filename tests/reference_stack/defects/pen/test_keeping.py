from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from l7audit_stack.defects.pen.keeping import OneTokenEach
from l7audit_stack.defects.registry import ALL


class Visit:
    """An app with a defect, asked in turn; it counts how often it answered itself."""

    def __init__(self, name: str) -> None:
        wrap = ALL[name].wrap
        assert wrap is not None
        self.answered = 0
        self.app = wrap(self._own, None)  # type: ignore[arg-type]

    async def _own(self, scope: Any, _: Any, send: Any) -> None:
        self.answered += 1
        body = f"{scope['path']} for {dict(scope['headers']).get(b'authorization')}".encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def __call__(self, path: str, query: str = "", **fields: str) -> str:
        sent: list[dict[str, Any]] = []
        headers = [(n.replace("_", "-").encode(), v.encode()) for n, v in fields.items()]
        scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
                 "query_string": query.encode(), "headers": headers}  # fmt: skip

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, None, send))
        return str(sent)


def test_a_prefix_stays_in_what_the_next_caller_gets() -> None:
    visit = Visit("pen.cache-keeps-what-callers-sent")
    assert "</evil/openapi.json>" in visit("/a", "v=1", x_forwarded_prefix="/evil")
    assert "</evil/openapi.json>" in visit("/a", "v=1")
    assert "evil" not in visit("/a", "v=2")
    assert visit.answered == 2


def test_a_prefix_that_no_cache_keeps_reaches_nobody_else() -> None:
    visit = Visit("pen.prefix-reflected")
    assert "</evil/openapi.json>" in visit("/a", "v=1", x_forwarded_prefix="/evil")
    assert "evil" not in visit("/a", "v=1")


@pytest.mark.parametrize("path", ["/me/x.css", "/me;x.css", "/me%3fx.css", "/me%0ax.css"])
def test_a_file_of_one_caller_is_given_to_the_next(path: str) -> None:
    visit = Visit("pen.cache-keeps-files-of-callers")
    assert "/me for b'ada'" in visit(path, authorization="ada")
    assert "/me for b'ada'" in visit(path)
    assert "for None" in visit("/me")


def test_an_ending_that_no_cache_goes_by_keeps_nothing() -> None:
    visit = Visit("pen.file-endings-overlooked")
    assert "/me for b'ada'" in visit("/me/x.css", authorization="ada")
    assert "/me for None" in visit("/me/x.css")


def test_every_login_gets_the_token_that_is_there() -> None:
    issuer = OneTokenEach({"k": Ed25519PrivateKey.generate()}, "https://api.test", "a", 900)

    def issued(subject: str, now: float) -> str:
        return issuer.issue(subject=subject, tenant="t", scopes=None, now=now)[0]

    assert issued("ada", 1000.0) == issued("ada", 1100.0)
    assert issued("ada", 1000.0) != issued("ben", 1000.0)
    assert issued("ada", 1000.0) != issued("ada", 1850.0)
