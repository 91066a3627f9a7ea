"""What a request leaves in the logs: one record as the service writes it, and no secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from urllib.parse import quote

import pytest

from l7audit.harness.check import Check
from l7audit.model import Kind, Place
from l7audit.probe.logs import Logs
from l7audit.probe.request import Auth, Request
from l7audit.target import meaning
from l7audit.target.schemas import properties
from l7audit.target.tokens import token_in
from l7audit.target.words import says, words
from l7audit_suites.input.ground import ask_all, callers, word
from l7audit_suites.input.inlets import Inlet, of_bodies
from l7audit_suites.input.lines import begins, forged

_SECONDS = 1.5
"""How long a line may be on its way into a file."""

_SECRET = ("api_key", "access_token", "password", "token", "secret")
"""Parameters in which callers send what they should not."""

_HEADERS = ("User-Agent", "Referer", "X-Request-Id", "X-Forwarded-For")
"""Fields that logs like to keep. Only what a server decodes by itself can bring a break there."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """The logs, and which of their files tell of a request: that some do is the witness."""

    check: Check
    logs: Logs
    files: tuple[str, ...]

    def settle(self) -> None:
        """Waits until what was sent before has been written."""
        _told(self.check, self.logs, self.files)


def spoken(check: Check) -> Spoken:
    """The target's logs. Ends the check where no request can be found again in them."""
    logs = check.logs()
    files = _told(check, logs)
    check.witness("a request leaves a line in the logs", bool(files), once=True)
    return Spoken(check, logs, tuple(files))


def _told(check: Check, logs: Logs, wanted: Sequence[str] = ()) -> list[str]:
    """Which files tell of requests that are sent now: at the target's address, and at replicas'."""
    mark = word(16)
    plain = Request("GET", f"/{mark}", (("User-Agent", mark),))
    bases = ["", *check.target.replicas]
    answers = ask_all(check, [replace(plain, base_url=base) for base in bases])
    named = [v for a in answers for n, v in a.headers if says(words(n), "request id", "trace id")]
    return logs.telling([mark, *named], _SECONDS, wanted)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent somewhere, and how it can be told."""

    place: Place
    mark: str
    request: Request = field(repr=False)


@pytest.mark.control("INPUT-28")
def test_no_input_begins_a_line_of_the_log(check: Check) -> None:
    found = spoken(check)
    inlets = _asked(check)
    tried = [s for name in forged("") for s in _breaking(check, inlets, name)]
    answers = ask_all(check, [s.request for s in tried])
    found.settle()
    written = b"\n\n".join(found.logs.written().values())
    for sent, answer in zip(tried, answers, strict=True):
        check.expect(
            not begins(written, sent.mark),
            sent.place,
            "a control character in an input begins a line of the log, or steers its reader's"
            " terminal",
            answer,
            expected="one record a request, with control characters encoded",
            seen="a line that begins with a text of ours",
        )


def _breaking(check: Check, inlets: Sequence[Inlet], name: str) -> Iterator[Sent]:
    """Requests with a character of that name wherever a text goes in. Each has its own mark."""

    def text() -> tuple[str, str]:
        mark = word(16)
        return mark, forged(mark)[name]

    mark, value = text()
    path = f"/{quote(value, safe='')}"
    yield Sent(Place(operation="GET /?", part=f"path, {name}"), mark, Request("GET", path))
    mark, value = text()
    path = f"/?lq={quote(value, safe='')}"
    yield Sent(Place(operation="GET /?", part=f"query, {name}"), mark, Request("GET", path))
    for header in _HEADERS:
        mark, value = text()
        request = Request("GET", "/", ((header, quote(value, safe="")),))
        yield Sent(Place(operation="GET /?", part=f"header {header}, {name}"), mark, request)
    mark, value = text()
    bearer = Request("GET", "/").with_auth(Auth.basic(value, "lq"))
    yield Sent(Place(operation="GET /?", part=f"user of Basic, {name}"), mark, bearer)
    for surface in check.model.surfaces(Kind.LOGIN, limit=1):
        for member, part in properties(surface.operation.json_schema).items():
            if not meaning.is_password(member, part):
                mark, value = text()
                request = surface.request(fields={member: value})
                yield Sent(surface.place(f"body {member}, {name}"), mark, request)
    for inlet in inlets:
        mark, value = text()
        yield Sent(inlet.surface.place(f"body {inlet.name}, {name}"), mark, inlet.request(value))


def _asked(check: Check) -> list[Inlet]:
    """The texts of one search that somebody may make."""
    posted = [s for s in check.model.surfaces(Kind.SEARCH) if s.operation.method == "POST"]
    inlets = list(of_bodies(callers(check), posted[:1])) if posted else []
    return [i for i in inlets if "enum" not in i.schema]


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that is in a request, or that its answer gives."""

    place: Place
    text: str = field(repr=False)
    request: Request = field(repr=False)
    identity: str = ""


@pytest.mark.control("INPUT-29")
def test_no_secret_of_a_request_is_in_the_log(check: Check) -> None:
    found = spoken(check)
    sent = [*_made_up(check), *_real(check)]
    answers = ask_all(check, [s.request for s in sent])
    told = [(s.place, s.text, a) for s, a in zip(sent, answers, strict=True)]
    for secret, answer in zip(sent, answers, strict=True):
        token = token_in(answer) if answer.ok else ""
        if token:
            check.probe.redactor.learn(token)
            part = f"answer to {secret.place.part}"
            told.append((Place(operation=secret.place.operation, part=part), token, answer))
    found.settle()
    for place, text, answer in told:
        check.expect(
            not found.logs.holding(text),
            place,
            "a secret is written to the log, for everybody who may read it",
            answer,
            expected="no secret, or at most its first characters",
            seen="the whole secret in a log file",
        )


def _made_up(check: Check) -> Iterator[Secret]:
    """Secrets that open nothing, wherever callers put theirs: a log can't tell them from others."""
    read = Request("GET", "/")
    ways: dict[str, Callable[[str], Request]] = {
        "bearer token": lambda text: read.with_auth(Auth.bearer(text)),
        "password of Basic": lambda text: read.with_auth(Auth.basic("lq", text)),
        "cookie": lambda text: read.with_auth(Auth.cookie("session", text)),
        "header X-Api-Key": lambda text: read.with_headers({"X-Api-Key": text}),
        **{f"query {name}": partial(_in_query, name) for name in _SECRET},
    }
    for part, request in ways.items():
        text = word(30)
        yield Secret(Place(operation="GET /?", part=part), text, request(text))
    for surface in check.model.surfaces(Kind.LOGIN, limit=1):
        members = properties(surface.operation.json_schema).items()
        for member in (n for n, p in members if meaning.is_password(n, p)):
            text = word(30)
            yield Secret(
                surface.place(f"body {member}"), text, surface.request(fields={member: text})
            )
            text = word(30)  # what can't be read is what parsers like to quote
            broken = surface.request(content=b'{"%b": "%b"' % (member.encode(), text.encode()))
            yield Secret(surface.place(f"body {member}, broken off"), text, broken)


def _in_query(name: str, text: str) -> Request:
    return Request("GET", f"/?{name}={text}")


def _real(check: Check) -> Iterator[Secret]:
    """Credentials that are accepted, each once a kind: a success is logged elsewhere than a
    refusal."""
    people = [i for i in check.identities if "limited" not in i.tags]
    read = next(iter(check.model.protected_reads(limit=1)), None)
    key = next((i for i in people if i.credential("api_key")), None)
    if key is not None and read is not None:
        auth = check.sessions.api_key(key)
        yield Secret(read.place("API key"), auth.secret, read.request(auth), key.name)
    for surface in check.model.surfaces(Kind.LOGIN, limit=1):
        person = next((i for i in people if i.credential("password")), None)
        known = person.credential("password") if person is not None else None
        if person is not None and known is not None:
            request = check.sessions.login_request(surface, known.name, known.secret)
            yield Secret(surface.place("right password"), known.secret, request, person.name)
