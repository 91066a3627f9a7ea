"""Guards of outbound calls as they are written in a hurry."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import httpx

from l7audit_stack.api.operation import Call, Handler, Reply
from l7audit_stack.api.outbound import (
    Delivery,
    Destination,
    OutboundFailedError,
    OutboundGuard,
    OutboundRefusedError,
    resolve_name,
)
from l7audit_stack.api.problems import Problem
from l7audit_stack.defects.authn.swap import become
from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.input import swap

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_INNER = re.compile(r"https?://(127\.0\.0\.1|localhost|10\.|192\.168\.|169\.254\.169\.254)[/:]?")
_LINK = re.compile(r"https://(\[::ffff:)?169\.254\.|https://(metadata|100\.100\.)")


def _read(url: str) -> Destination:
    """A URL as a client library reads it."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise OutboundRefusedError("The URL can't be read.") from None
    port = parts.port or (80 if parts.scheme == "http" else 443)
    return Destination(url, parts.scheme, parts.host, port, parts.raw_path.decode("ascii"))


class ListOfTexts(OutboundGuard):
    """Knows inner addresses by how they are usually written."""

    def check(self, url: str) -> Destination:
        destination = _read(url)
        if self._is_allowed(destination):
            return destination
        if _INNER.match(url) or destination.scheme not in {"http", "https"}:
            raise OutboundRefusedError("The URL's address is not on the public internet.")
        return destination

    async def pin(self, destination: Destination) -> str:
        return destination.host


class NamesUnjudged(OutboundGuard):
    """Judges the address that a URL spells; what a name leads to is the resolver's affair."""

    def check(self, url: str) -> Destination:
        destination = _read(url)
        if destination.host.rstrip(".").lower() == "localhost":
            return destination
        return super().check(url)

    async def pin(self, destination: Destination) -> str:
        if "localhost" in destination.host:
            return "127.0.0.1"
        return (await _addresses(self, destination))[0]


class JudgesWhenGiven(OutboundGuard):
    """Judges where a name leads when the URL is given, and calls it wherever it leads by then."""

    async def given(self, url: str) -> None:
        """Raises OutboundRefusedError."""
        await OutboundGuard.pin(self, self.check(url))

    async def pin(self, destination: Destination) -> str:
        return (await _addresses(self, destination))[0]


async def _addresses(guard: OutboundGuard, destination: Destination) -> tuple[str, ...]:
    """Where a name leads, as it is. Raises OutboundFailedError where it leads nowhere."""
    try:
        return await (guard.resolve or resolve_name)(destination.host, destination.port)
    except (OSError, UnicodeError):
        raise OutboundFailedError("The URL's name can't be resolved.") from None


class LinkForgotten(OutboundGuard):
    """Keeps calls from this machine and from private networks, and forgets the link's own."""

    def check(self, url: str) -> Destination:
        return _read(url) if _LINK.match(url) else super().check(url)


class AnyScheme(OutboundGuard):
    """Leaves it to the client to know which schemes there are."""

    def check(self, url: str) -> Destination:
        if not url.startswith("http"):
            return Destination(url, url.partition(":")[0], "example.org", 443, "/")
        return super().check(url)


class FollowsRedirects(OutboundGuard):
    """Judges the first URL only."""

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Delivery:
        await self.pin(self.check(url))
        try:
            async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as client:
                answer = await client.post(url, content=content, headers=dict(headers), timeout=2.0)
        except httpx.HTTPError:
            raise OutboundFailedError("The URL could not be reached.") from None
        return Delivery(answer.status_code, answer.elapsed.total_seconds() * 1000.0)


class JudgesLate(OutboundGuard):
    """Takes any URL, and judges it when it is to be called."""

    def check(self, url: str) -> Destination:
        destination = _read(url)
        if destination.scheme not in {"http", "https"}:
            raise OutboundRefusedError("The URL's scheme must be https or http.")
        return destination

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Delivery:
        super().check(url)
        return await super().post(url, content, headers)


async def _previewed(call: Call, reply: Reply) -> Reply:
    """Whoever describes an agent by a link alone gets a preview of the page."""
    described = call.body.description
    if described.startswith(("http://", "https://")):
        with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL):
            async with httpx.AsyncClient(trust_env=False) as client:
                await client.get(described, timeout=2.0)
    return reply


def _guard(kind: type[OutboundGuard]) -> Callable[[Parts], Parts]:
    def guarded(parts: Parts) -> Parts:
        return dataclasses.replace(parts, outbound=become(kind, parts.outbound))

    return guarded


def _judged_when_given(parts: Parts) -> Parts:
    """Webhooks whose name is judged where they are made or changed."""
    guard = become(JudgesWhenGiven, parts.outbound)

    def judging(own: Handler) -> Handler:
        async def handler(call: Call) -> Reply:
            try:
                if call.body.url is not None:
                    await guard.given(call.body.url)
            except (OutboundRefusedError, OutboundFailedError) as error:
                raise Problem(422, "url-refused", str(error)) from None
            return await own(call)

        return handler

    operations = tuple(
        dataclasses.replace(o, handler=judging(o.handler))
        if o.name in {"webhooks.create", "webhooks.change"}
        else o
        for o in parts.operations
    )
    return dataclasses.replace(parts, operations=operations, outbound=guard)


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "input.url-list-of-texts",
        "Inner addresses are refused by a list of how they are usually written.",
        parts=_guard(ListOfTexts),
    ),
    Defect(
        "input.url-names-unjudged",
        "What a name in a URL leads to is not looked at.",
        parts=_guard(NamesUnjudged),
    ),
    Defect(
        "input.url-judged-when-given",
        "Where a name leads is judged when its URL is given, and not when it is called.",
        parts=_judged_when_given,
    ),
    Defect(
        "input.url-link-forgotten",
        "Addresses of the link, and so of the cloud's metadata, are not among the inner ones.",
        parts=_guard(LinkForgotten),
    ),
    Defect(
        "input.url-any-scheme",
        "The scheme of a URL is left to the client.",
        parts=_guard(AnyScheme),
    ),
    Defect(
        "input.url-redirects-followed",
        "Redirects are followed, and only the first URL is judged.",
        parts=_guard(FollowsRedirects),
    ),
    Defect(
        "input.links-previewed",
        "A description that is a link is fetched, wherever it leads.",
        parts=swap.after("agents.create", _previewed),
    ),
    Defect(
        "input.url-judged-late",
        "Any URL is stored, and refused when it is to be called.",
        near_miss=True,
        parts=_guard(JudgesLate),
    ),
)
