"""What of a target can be reached without any document: found by looking, a little and politely."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from l7audit.errors import OutOfScopeError
from l7audit.model import Capability, Safety, Target
from l7audit.probe.answer import Answer
from l7audit.probe.probe import Probe
from l7audit.probe.request import Auth, Request
from l7audit.profile import Budget
from l7audit.target.discover import search, within
from l7audit.target.forms import login_form, references

PLACES = (
    "/", "/health", "/healthz", "/status", "/version", "/api", "/api/v1", "/v1", "/users", "/me",
    "/login", "/robots.txt", "/favicon.ico", "/.well-known/security.txt",
    "/.well-known/openid-configuration",
)  # fmt: skip
"""Where services of any kind often answer."""

MOST = 32
"""The most requests that looking may take."""

NOWHERE = "/l7audit-nowhere"
"""Where nothing is: how a target answers that tells what is nothing elsewhere."""

MOST_KEPT = 8
"""The most reads of a kind that are kept."""

_LEAVING = ("logout", "signout", "sign-out", "log-out", "delete", "remove", "unsubscribe")


def looked_for(target: Target, budget: Budget, progress: Callable[[str], object]) -> Target:
    """The target with its document, or with what can be reached without one.

    There is no journal yet: what is asked here decides only what the plan can be. Errors: as
    `Probe.send`.
    """
    progress("looking for an OpenAPI document")
    probe = Probe(target, lambda _: None, limits=budget, safety=Safety.PASSIVE)
    try:
        found = search(probe)
        if found is not None:
            progress(f"found OpenAPI {found.document.version} at {found.url}: {found.how}")
            granted = [*target.capabilities, Capability.OPENAPI]
            return msgspec.structs.replace(target, openapi=found.url, capabilities=granted)
        progress("found none; looking at what answers without one")
        reached = look(probe)
    finally:
        probe.close()
    return msgspec.structs.replace(target, hints={**reached, **target.hints})


def look(probe: Probe) -> dict[str, Any]:
    """Hints on what answers: `public_reads` and `protected_reads`, `health`, and the
    `login_page` with a form. Only GET is sent, at most `MOST` times. Errors: as `Probe.send`."""
    base = urlsplit(probe.base_url).path.rstrip("/")
    return _hints(_walked(probe, base, Auth.none()), base, _get(probe, base + NOWHERE))


def members_reads(probe: Probe, auth: Auth) -> list[str]:
    """What a member reads and nobody else does, found like `look` by whoever `auth` is."""
    base = urlsplit(probe.base_url).path.rstrip("/")
    found = []
    for path, answer in _walked(probe, base, auth).items():
        if not answer.ok or urlsplit(answer.request.path).path != path:
            continue
        if login_form(answer.text, path) is None and not probe.send(Request("GET", path)).ok:
            found.append(f"GET {path.removeprefix(base) or '/'}")
    return found[:MOST_KEPT]


def _walked(probe: Probe, base: str, auth: Auth) -> dict[str, Answer]:
    """The answers at the usual places and at what they link to, breadth first and bounded."""
    paths = [base + path for path in PLACES]
    seen: dict[str, Answer] = {}
    while paths and len(seen) < MOST:
        path = paths.pop(0)
        if path in seen:
            continue
        answer = _get(probe, path, auth)
        if answer is None:
            continue
        seen[path] = answer
        if answer.ok:
            paths += [p for p in _linked(probe, answer, path) if p.startswith(base + "/")]
    return seen


def _get(probe: Probe, path: str, auth: Auth | None = None) -> Answer | None:
    request = Request("GET", path, (("Accept", "*/*"),), follow=True)
    try:
        return probe.send(request.with_auth(auth or Auth.none()))
    except OutOfScopeError:
        return None  # it leads to another origin


def _linked(probe: Probe, answer: Answer, path: str) -> Iterator[str]:
    """Addresses that a page or a JSON answer links to, without those that would do something."""
    found = [url for tag, _, url in references(answer.text) if tag == "a"]
    body = answer.json_or_none()
    if isinstance(body, dict):
        values = [v.get("href") if isinstance(v, dict) else v for v in list(body.values())[:50]]
        found += [v for v in values if isinstance(v, str) and v.startswith(("/", "http"))]
    for url in found[:50]:
        inner = within(probe, path, url).partition("?")[0]
        if inner and not any(word in inner.lower() for word in _LEAVING):
            yield inner


def _hints(seen: Mapping[str, Answer], base: str, nowhere: Answer | None) -> dict[str, Any]:
    hints: dict[str, Any] = {}
    like_nothing = nowhere.body if nowhere is not None and nowhere.ok else None
    public, protected = [], []
    for path, answer in seen.items():
        place = f"GET {path.removeprefix(base) or '/'}"
        final = urlsplit(answer.request.path).path
        form = "html" in answer.media_type and login_form(answer.text, final) is not None
        if form:
            hints.setdefault("login_page", final.removeprefix(base) or "/")
        if answer.refused or (form and final != path):  # sent to log in is told to log in
            protected.append(place)
        elif answer.ok and final == path and answer.body != like_nothing:
            public.append(place)
    kept = {"public_reads": public[:MOST_KEPT], "protected_reads": protected[:MOST_KEPT]}
    health = [f"GET {p}" for p in ("/health", "/healthz") if f"GET {p}" in public]
    if health:
        kept["health"] = health
    return {**hints, **{k: v for k, v in kept.items() if v}}
