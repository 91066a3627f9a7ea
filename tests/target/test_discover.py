"""Looking for a document: where the target says, where documents usually are, never elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from l7audit.errors import OutOfScopeError
from l7audit.model import Target
from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit.target.discover import MOST, discover, search

DOCUMENT = {"openapi": "3.1.0", "paths": {}}
Says = Callable[..., Answer]


def allowed(target: Target) -> Target:
    return msgspec.structs.replace(target, hints={"discover_openapi": True})


def page(text: str, *headers: tuple[str, str], media: str = "text/html") -> Answer:
    fields = Headers([("Content-Type", media), *headers])
    return Answer(Request("GET", "/"), 200, fields, text.encode())


@pytest.fixture
def searched(answering: Any, answer: Says) -> Callable[[dict[str, Any]], tuple[Any, list[str]]]:
    """What a search finds at a target with these answers by path, and what it asked."""

    def run(there: dict[str, Any]) -> tuple[Any, list[str]]:
        def reply(request: Request) -> Answer:
            found = there.get(request.path)
            if isinstance(found, Answer):
                return found
            return answer(200, found) if found is not None else answer(404)

        probe = answering(reply)
        return search(probe), [r.path for r in probe.sent]

    return run


def test_nothing_is_asked_unless_the_profile_allows_it(target: Target, answering: Any) -> None:
    probe = answering(lambda _: None)
    assert discover(target, probe) == ""
    assert probe.sent == []


def test_the_first_usable_document_is_taken(target: Target, answering: Any, answer: Says) -> None:
    def reply(request: Request) -> Answer:
        documents = {"/openapi.yaml": {"not": "one"}, "/v3/api-docs": DOCUMENT}
        found = documents.get(request.path)
        return answer(200, found) if found else answer(404)

    probe = answering(reply)
    assert '"openapi": "3.1.0"' in discover(allowed(target), probe)
    assert probe.sent[-1].path == "/v3/api-docs"


def test_without_a_document_anywhere_there_is_none_after_a_bounded_search(
    target: Target, answering: Any, answer: Says
) -> None:
    probe = answering(lambda _: answer(200, "<html>"))
    assert discover(allowed(target), probe) == ""
    assert len(probe.sent) <= 2 * MOST


def test_a_link_header_names_it(searched: Any) -> None:
    link = ("Link", '</strange/place>; rel="service-desc"; type="application/json"')
    found, asked = searched({"/": page("", link), "/strange/place": DOCUMENT})
    assert found.url == "https://api.example/strange/place"
    assert found.how == "the entrance names it"
    assert asked == ["/", "/strange/place"]


def test_json_at_the_entrance_names_it(searched: Any) -> None:
    found, _ = searched({"/": {"_links": 1, "swagger": "/the/doc"}, "/the/doc": DOCUMENT})
    assert found.url == "https://api.example/the/doc"
    hal, _ = searched({"/": {"service-desc": {"href": "d.json"}}, "/d.json": DOCUMENT})
    assert hal.url == "https://api.example/d.json"


@pytest.mark.parametrize(
    "text",
    [
        "<redoc spec-url='/hidden/spec.yaml'></redoc>",
        '<script>SwaggerUIBundle({url: "/hidden/spec.yaml", dom_id: "#x"})</script>',
        '<a href="../hidden/spec.yaml">raw</a>',
    ],
)
def test_a_page_that_shows_it_names_it(searched: Any, text: str) -> None:
    found, _ = searched({"/redoc": page(text), "/hidden/spec.yaml": DOCUMENT})
    assert found.url == "https://api.example/hidden/spec.yaml"
    assert found.how == "the page /redoc names it"


def test_the_script_that_sets_a_page_up_names_it(searched: Any) -> None:
    shown = page('<script src="./swagger-initializer.js"></script>')
    script = page('ui = Bundle({ "url": "/deep/api.json" })', media="text/javascript")
    found, _ = searched(
        {
            "/swagger-ui/": shown,
            "/swagger-ui/swagger-initializer.js": script,
            "/deep/api.json": DOCUMENT,
        }
    )
    assert found.url == "https://api.example/deep/api.json"


def test_a_document_that_is_named_at_another_host_is_never_fetched(searched: Any) -> None:
    link = ("Link", '<https://evil.example/openapi.json>; rel="service-desc"')
    found, asked = searched({"/": page('<a href="//evil.example/openapi.json">', link)})
    assert found is None
    assert not [path for path in asked if "evil" in path]


def test_a_redirect_to_another_host_is_not_followed(answering: Any, answer: Says) -> None:
    def reply(request: Request) -> Answer:
        if request.path == "/":
            raise OutOfScopeError("A redirect to https://evil.example was not sent.")
        return answer(200, DOCUMENT) if request.path == "/openapi.json" else answer(404)

    found = search(answering(reply))
    assert found is not None
    assert found.url == "https://api.example/openapi.json"


@pytest.mark.parametrize("path", ["/schema/openapi.json", "/openapi/v1.json", "/swagger/doc.json"])
def test_a_document_is_found_where_frameworks_put_it(searched: Any, path: str) -> None:
    found, asked = searched({path: DOCUMENT})
    assert found.url.endswith(path)
    assert len(asked) <= MOST
