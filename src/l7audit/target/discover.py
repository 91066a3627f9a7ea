"""Looking for a target's document where documents usually are, if the profile allows it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from l7audit.errors import DocumentError, OutOfScopeError
from l7audit.model import Target
from l7audit.probe.answer import Answer
from l7audit.probe.probe import Probe
from l7audit.probe.request import Request
from l7audit.target.forms import references
from l7audit.target.openapi import Document

WELL_KNOWN = (
    "/openapi.json",
    "/openapi.yaml",
    "/openapi.yml",
    "/openapi",
    "/swagger.json",
    "/swagger.yaml",
    "/swagger/v1/swagger.json",
    "/v3/api-docs",
    "/v2/api-docs",
    "/api-docs",
    "/api/openapi.json",
    "/api/swagger.json",
    "/api/schema/",
    "/.well-known/openapi.json",
    "/docs/openapi.json",
    "/apispec_1.json",
    "/schema",
    "/schema/openapi.json",
    "/openapi/v1.json",
    "/swagger/doc.json",
    "/swagger/json",
    "/documentation/json",
    "/api-json",
    "/docs-json",
    "/q/openapi",
    "/api/docs.json",
    "/api/docs/openapi.json",
    "/docs/api.json",
    *(
        f"{below}/{name}"
        for below in ("/v1", "/v2", "/v3", "/api/v1", "/api/v2")
        for name in ("openapi.json", "openapi.yaml", "swagger.json")
    ),
)
"""Where frameworks put the document by default, and where versions of an API have theirs."""

PAGES = ("/docs", "/redoc", "/swagger-ui/", "/swagger/", "/api/docs", "/apidocs/", "/api-docs/")
"""Where they put a page that shows it."""

MOST = 64
"""The most requests that looking for a document may take."""

CHARACTERS = 256 * 1024
"""The most characters of a page or script that are looked through for an address."""

_TOLD = re.compile(r"openapi|swagger|api-?docs|apispec|service-desc|schema", re.IGNORECASE)
_QUOTED = re.compile(
    r"""(?:spec-?url|\burl|href)["']?\s*[:=]\s*["']([^"'\s<>]{1,300})["']""", re.IGNORECASE
)
_LINK = re.compile(r"<([^>]{1,500})>([^,]*)")
_DOCUMENTS = "application/json, application/yaml, application/openapi+json, */*;q=0.5"


@dataclass(frozen=True, slots=True)
class Found:
    """A document that is there: its address, its text, and how it was found."""

    url: str
    text: str
    document: Document
    how: str


def discover(target: Target, probe: Probe) -> str:
    """The text of the first usable document; empty where none is found.

    It asks nothing unless the profile's hint `discover_openapi` is true.
    """
    if target.hints.get("discover_openapi") is not True:
        return ""
    found = search(probe)
    return found.text if found else ""


def search(probe: Probe) -> Found | None:
    """Looks within the target's origins: at what the entrance says, at well-known paths below the
    base URL and the origin, and at pages that show a document. Errors: as `Probe.send`."""
    base = urlsplit(probe.base_url).path.rstrip("/")
    asked: set[str] = set()
    for path, how in _candidates(probe, base, asked):
        if path in asked:
            continue
        if len(asked) >= MOST:
            return None
        asked.add(path)
        answer = probe.send(Request("GET", path, (("Accept", _DOCUMENTS),), follow=True))
        document = _document(answer)
        if document is not None:
            origin = probe.scope.admit(probe.base_url)
            return Found(f"{origin}{path}", answer.text, document, how)
    return None


def _candidates(probe: Probe, base: str, asked: set[str]) -> Iterator[tuple[str, str]]:
    entrance = _page(probe, base or "/")
    for path in _named(probe, entrance):
        yield path, "the entrance names it"
    for root in dict.fromkeys((base, "")):
        for path in WELL_KNOWN:
            yield root + path, "a well-known address"
    for root in dict.fromkeys((base, "")):
        for path in PAGES:
            if len(asked) >= MOST:
                return
            asked.add(root + path + "#page")  # it counts as asked, and is no document
            page = _page(probe, root + path)
            if page is None or not page.ok:
                continue
            for named in _named(probe, page):
                yield named, f"the page {root + path} names it"
            for script in _scripts(probe, page):
                for named in _named(probe, _page(probe, script)):
                    yield named, f"the page {root + path} names it"


def _page(probe: Probe, path: str) -> Answer | None:
    try:
        return probe.send(Request("GET", path, (("Accept", "text/html, */*;q=0.5"),), follow=True))
    except OutOfScopeError:
        return None  # it leads to another origin


def _document(answer: Answer) -> Document | None:
    if not answer.ok or answer.truncated:
        return None
    try:
        return Document.parse(answer.text)
    except DocumentError:
        return None


def _named(probe: Probe, page: Answer | None) -> Iterator[str]:
    """The addresses of this origin that an answer names as those of a document."""
    if page is None or page.status is None:
        return
    found: list[str] = []
    for url, parameters in _LINK.findall(", ".join(page.headers.get_all("Link"))):
        if _TOLD.search(parameters) or _TOLD.search(url):
            found.append(url)
    text = page.text[:CHARACTERS]
    body = page.json_or_none()
    found += _in_json(body)
    if not body:
        found += [url for url in _QUOTED.findall(text) if _TOLD.search(url)]
        found += [url for url in _QUOTED.findall(text) if re.search(r"\.(json|ya?ml)$", url)]
    for url in dict.fromkeys(found):
        path = within(probe, page.request.path, url)
        if path:
            yield path


def _in_json(body: Any) -> Iterable[str]:
    pairs = body.items() if isinstance(body, dict) else ()
    for name, value in pairs:
        if isinstance(value, dict) and isinstance(value.get("href"), str):
            value = value["href"]
        if isinstance(value, str) and (_TOLD.search(str(name)) or _TOLD.search(value[:300])):
            yield value


def _scripts(probe: Probe, page: Answer) -> Iterator[str]:
    """Scripts of a page's own that may hold the address: those that set the page up."""
    for tag, _, url in references(page.text[:CHARACTERS]):
        if tag == "script" and re.search(r"init|config|index", url, re.IGNORECASE):
            path = within(probe, page.request.path, url)
            if path:
                yield path


def within(probe: Probe, page: str, reference: str) -> str:
    """A reference of a page as a request target, if it stays at the target's own address."""
    origin = probe.scope.admit(probe.base_url)
    try:
        url = urljoin(f"{origin}{page}", reference)
        if probe.scope.admit(url) != origin:
            return ""
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        Request("GET", path)
    except (OutOfScopeError, ValueError):
        return ""
    return path
