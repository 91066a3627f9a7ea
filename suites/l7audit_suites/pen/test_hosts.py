"""Whose word is taken for where the service is, and where a caller is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from urllib.parse import quote

import pytest

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Confidence, Place
from l7audit.probe.answer import Answer
from l7audit.probe.request import Auth, Request
from l7audit.target import meaning
from l7audit.target.schemas import type_of
from l7audit.target.surface import Surface
from l7audit.target.words import says, words
from l7audit_suites.pen.ground import Read, burst, reads, somebody
from l7audit_suites.pen.hosts import REDIRECTS, goes_to, links_to
from l7audit_suites.pen.letters import letters

FORWARDED = (
    "X-Forwarded-Host",
    "X-Forwarded-Server",
    "X-Host",
    "X-Original-Host",
    "X-HTTP-Host-Override",
    "Forwarded",
)
"""Fields in which proxies tell under which name they were asked."""

LEADING = (
    "next", "url", "redirect", "redirect_uri", "redirect_url", "return", "return_to", "returnTo",
    "continue", "dest", "destination", "goto", "target", "callback", "r", "u", "to", "link",
    "location", "forward", "back", "back_url", "return_url", "returnUrl", "success_url", "path",
)  # fmt: skip
"""Parameters that usually say where to go on."""

ROUTES = (
    "go", "goto", "redirect", "redir", "r", "out", "away", "link", "url", "forward", "click",
    "login",
)  # fmt: skip
"""Where services that send people on usually do it, whether or not a document says so."""


def links_nowhere(
    check: Check, found: Iterable[Read], tries: Mapping[str, Mapping[str, str]], host: str
) -> None:
    """Expects that no answer links to the host that these headers name."""
    tried = [(read, name, fields) for read in found for name, fields in tries.items()]
    requests = [read.request.with_headers(fields) for read, _, fields in tried]
    for (read, name, _), answer in zip(tried, burst(check, requests), strict=True):
        where = links_to(answer, host)
        check.expect(
            not where,
            read.place(name),
            f"The {name} that a caller makes up becomes a link of the answer ({where}).",
            answer,
            expected="links to the service's own, configured address",
            seen=f"a link to that host in {where}",
            cause="links to the host that a caller names",
        )


def written_nowhere(check: Check, fields: Mapping[str, str], name: str, host: str) -> None:
    """The same for what writes answer, such as the link of an invitation."""
    for letter in letters(check):
        answer = letter.asked(fields)
        if answer is None:
            continue
        where = links_to(answer, host)
        check.expect(
            not where,
            letter.surface.place(name),
            f"The {name} that a caller makes up becomes a link of what is made ({where}).",
            answer,
            expected="links to the service's own, configured address",
            seen=f"a link to that host in {where}",
            # Frameworks write where a new thing is as they were asked: its maker alone reads it.
            confidence=Confidence.WEAK if where.startswith("header") else Confidence.CONFIRMED,
        )


@pytest.mark.control("PEN-08")
def test_a_made_up_host_becomes_no_link(check: Check) -> None:
    host = _host(check)
    links_nowhere(check, reads(check), {"Host": {"Host": host}}, host)
    written_nowhere(check, {"Host": host}, "Host", host)


@pytest.mark.control("PEN-09")
def test_a_made_up_forwarded_host_becomes_no_link(check: Check) -> None:
    host = _host(check)
    tries = {n: f"host={host};proto=https" if n == "Forwarded" else host for n in FORWARDED}
    fields = {n: {n: text} for n, text in tries.items()}
    links_nowhere(check, reads(check, public=3, protected=1), fields, host)
    written_nowhere(check, tries, "forwarded host", host)


@pytest.mark.control("PEN-10")
def test_nobody_is_sent_to_another_host(check: Check) -> None:
    host = _host(check)
    found = reads(check, public=2, protected=1)
    tried = [*_addresses(host), *_parameters(found, host), *_declared(check, host)]
    base = check.target.base_url
    requests = [request for _, _, request in tried]
    answered = [*zip(tried, burst(check, requests), strict=True), *_usual(check, host)]
    for (place, name, _), answer in answered:
        check.expect(
            goes_to(answer, base) != host,
            place,
            f"A caller is sent to a host that the request names ({name}).",
            answer,
            expected="an answer, a refusal or a redirect within the service",
            seen=f"{answer.status} to that host",
            cause=f"the way on from {place.operation} by {place.part.partition(':')[0]}",
        )


_MINDED = {*REDIRECTS, 400, 403, 422}
"""How a route answers that looked at where it should lead."""


def _host(check: Check) -> str:
    """A name under the reserved domain `.example`, so that nobody is there."""
    return f"l7audit-{check.random.randrange(16**10):010x}.example"


Try = tuple[Place, str, Request]


def _addresses(host: str) -> Iterable[Try]:
    """Addresses that a careless clean-up of slashes turns into another host's."""
    for name, path in (
        ("two slashes at the beginning", f"//{host}/"),
        ("two slashes and a way up", f"//{host}/%2e%2e"),
        ("encoded slashes at the beginning", f"/%2f%2f{host}/"),
        ("a backslash at the beginning", f"/%5c{host}/"),
    ):
        yield Place(operation="GET /?", part=name), name, Request("GET", path)


def _values(host: str) -> Mapping[str, str]:
    return {
        "whole address": f"https://{host}/",
        "two slashes": f"//{host}/",
        "backslash": f"/\\{host}/",
        "user part": f"https://service@{host}/",
    }


def _parameters(found: Iterable[Read], host: str) -> Iterable[Try]:
    """Every usual parameter at once, on reads that may not declare them: as a whole address, and
    as what many take for a path of their own."""
    for read in found:
        for name, value in list(_values(host).items())[:2]:
            query = "&".join(f"{p}={quote(value, safe='')}" for p in LEADING)
            joint = "&" if "?" in read.request.path else "?"
            request = read.request.with_path(f"{read.request.path}{joint}{query}")
            yield read.place(f"usual parameters: {name}"), name, request


def _usual(check: Check, host: str) -> Iterable[tuple[Try, Answer]]:
    """Routes that usually send people on: all are asked to go to a whole address, and those that
    are there and did not obey are asked in the other ways."""
    (plain, first), *others = _values(host).items()
    folders = dict.fromkeys(["", check.model.prefix])
    asked = [Place(operation=f"GET {folder}/{name}") for folder in folders for name in ROUTES]

    def ask(way: str, value: str, places: Sequence[Place]) -> list[tuple[Try, Answer]]:
        query = "&".join(f"{p}={quote(value, safe='')}" for p in LEADING)
        tried: list[Try] = [
            (
                Place(operation=place.operation, part=f"usual parameters: {way}"),
                way,
                Request("GET", f"{place.operation.partition(' ')[2]}?{query}"),
            )
            for place in places
        ]
        answers = burst(check, [request for _, _, request in tried])
        return list(zip(tried, answers, strict=True))

    found = ask(plain, first, asked)
    ((nowhere, _),) = Counter(answer.status for _, answer in found).most_common(1)
    there = [
        Place(operation=place.operation)
        for (place, _, _), answer in found
        if answer.status in _MINDED and answer.status != nowhere
    ]
    for way, value in others:
        found += ask(way, value, there)
    return found


def _declared(check: Check, host: str) -> Iterable[Try]:
    """Parameters of the document that take an address, and every text of a read that redirects."""
    for surface, auth in _leading(check):
        for parameter in surface.operation.parameters:
            if parameter.place == "query" and type_of(parameter.schema) in {"", "string"}:
                for name, value in _values(host).items():
                    request = surface.request(auth, query={parameter.name: value})
                    yield surface.place(f"query {parameter.name}: {name}"), name, request


def _leading(check: Check) -> Iterable[tuple[Surface, Auth]]:
    """Reads that may send a caller on, as nobody and as a member: those whose parameters say so or
    whose document does, and those that are seen to do it."""
    identity = somebody(check)
    for operation in check.model.operations:
        surface = check.model.surface(operation)
        texts = [p for p in operation.parameters if p.place == "query"]
        if operation.method != "GET" or not texts or surface.needs_values:
            continue
        auths = [Auth.none()]
        if identity is not None:
            with suppress(CredentialError):
                auths.append(check.sessions.auth(identity, surface))
        told = any(status.startswith("3") for status in operation.answers) or any(
            says(words(p.name), *LEADING) or meaning.takes_url(p.name, p.schema) for p in texts
        )
        for auth in auths:
            if told or check.send(surface.request(auth)).status in REDIRECTS:
                yield surface, auth
