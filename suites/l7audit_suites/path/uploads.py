"""Files that are handed in: what holds them, how one is sent, and how it is read back."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlsplit

from l7audit.errors import CredentialError
from l7audit.harness.check import Check
from l7audit.model import Kind
from l7audit.probe.answer import Answer
from l7audit.probe.request import Request
from l7audit.target import meaning
from l7audit.target.operation import MULTIPART, Operation
from l7audit.target.schemas import properties, required, type_of
from l7audit.target.surface import Surface
from l7audit.target.values import keep, made_values
from l7audit.target.words import says, words
from l7audit_suites.input.doors import ready
from l7audit_suites.input.ground import Caller, callers

ACTIVE = {"text/html", "application/xhtml+xml", "image/svg+xml", "application/xml", "text/xml", ""}
"""Types in which a browser would run a script; none at all leaves it to guess."""

_BOUNDARY = "l7audit-boundary-7c2e"
_MOST_STORES = 3
_MOST_TRIED = 8
_MOST_CALLERS = 3
_NAMES = ("name", "filename", "file", "path", "title")
_TYPES = ("mime", "mimetype", "content type", "media type", "file type")


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is handed in: the ending of its name, the type it says to be, its bytes."""

    ending: str
    media: str
    content: bytes


HARMLESS = (
    File("txt", "text/plain", b"l7audit was here\n"),
    File("pdf", "application/pdf", b"%PDF-1.4\n%l7audit\n"),
    File("png", "image/png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDRl7audit"),
    File("bin", "application/octet-stream", b"l7audit"),
)


def hostile(mark: str, plain: File) -> dict[str, File]:
    """Active files with a mark in them, by what they pretend. `plain` is one that is taken."""
    page = f"<script>/*{mark}*/</script>".encode()
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg">' + page + b"</svg>"
    return {
        "a page": File("html", "text/html", page),
        "a drawing with a script": File("svg", "image/svg+xml", drawing),
        "a page that says to be something else": File("html", plain.media, plain.content + page),
        "a page named as something else": File(plain.ending, "text/html", plain.content + page),
    }


@dataclass(frozen=True, slots=True)
class Store:
    """An operation that takes files of a caller, and a file that it took."""

    check: Check
    caller: Caller
    surface: Surface
    plain: File

    def give(self, file: File, named: str = "") -> tuple[Answer, dict[str, str]]:
        """Hands a file in, in a form `named` by these raw parameters. Answers what was said, and
        the values of the path it was sent to."""
        request, path = handing_in(self.caller, self.surface, file, named)
        answer = self.caller.send(request)
        if answer.ok:
            self._removed(answer, path)
        return answer, path

    def takes(self) -> Answer:
        """The answer to the harmless file, handed in once more, for a witness."""
        return self.give(self.plain)[0]

    def _removed(self, answer: Answer, path: Mapping[str, str]) -> None:
        check, identity = self.check, self.caller.identity
        if identity is None:
            return
        if self.surface.operation.method == "POST":
            keep(check.model, self.surface, answer, check.sessions, identity)
        for operation in check.model.operations:
            if operation.method == "DELETE" and operation.template == self._template:
                remover = check.model.surface(operation)
                request = remover.request(self.caller.auth(remover), path=path)
                check.sessions.keep_for_removal(request, identity.name)

    @property
    def _template(self) -> str:
        return self.surface.operation.template

    def shown(self, given: Answer, path: Mapping[str, str]) -> Iterator[tuple[Surface, Answer]]:
        """The file wherever it can be read: at its own place, by its id, by a link to it."""
        model = self.check.model
        for operation in model.operations:
            if operation.method != "GET" or not operation.path_parameters:
                continue
            surface = model.surface(operation)
            names = tuple(p.name for p in operation.path_parameters)
            if operation.template == self._template:
                values = dict(path)
            elif _last(operation) == _last(self.surface.operation):
                found = made_values(given, names[-1:])
                values = {**self.surface.values, **path, **found} if found else {}
            else:
                continue
            if not surface.with_values(values).needs_values:
                request = surface.request(self.caller.auth(surface), path=values)
                yield surface, self.caller.send(request.with_headers({"Accept": "*/*"}))
        for link in _links(given):
            request = Request("GET", link).with_auth(self.caller.auth(self.surface))
            yield self.surface, self.caller.send(request)


def stores(check: Check, *, forms: bool = False) -> list[Store]:
    """What takes files from somebody, or only what takes them in `forms`. Ends the check where
    there is nothing of the kind."""
    operations = [
        o
        for o in check.model.operations
        if Kind.UPLOAD in o.kinds
        and o.method in {"PUT", "POST"}
        and (MULTIPART in o.bodies if forms else file_member(o) is not None)
    ]
    if not operations:
        how = "in a form" if forms else "as it is"
        check.not_applicable(f"The target's document has no operation that takes a file {how}.")
    open_ones = (s for o in operations[:_MOST_TRIED] if (s := _first(check, o)) is not None)
    found = list(islice(open_ones, _MOST_STORES))
    if not found:
        check.inconclusive("No identity of the profile could hand in a harmless file.")
    return found


def _first(check: Check, operation: Operation) -> Store | None:
    found = (opened(check, c, operation) for c in callers(check)[:_MOST_CALLERS])
    return next((store for store in found if store is not None), None)


def opened(check: Check, caller: Caller, operation: Operation) -> Store | None:
    """The operation with a harmless file that this caller can hand in; None without one."""
    surface = ready(check, caller, operation)
    if surface is None:
        return None
    for plain in HARMLESS:
        store = Store(check, caller, surface, plain)
        try:
            answer, _ = store.give(plain)
        except CredentialError:
            return None
        if answer.ok:
            return store
        if answer.status in {401, 403, 404}:
            return None  # it is about who asks, and not about the file
    return None


def file_member(operation: Operation) -> str | None:
    """The member that takes the file, of a form or else of JSON; empty where the body itself is the
    file, None where there is none."""
    if MULTIPART in operation.bodies:
        members = properties(operation.bodies[MULTIPART])
        return next((n for n, p in members.items() if meaning.is_form_file(p)), "file")
    raw = [m for m in operation.bodies if not m.endswith(("json", "x-www-form-urlencoded"))]
    encoded = properties(operation.json_schema).items()
    return "" if raw else next((n for n, p in encoded if meaning.takes_file(n, p)), None)


def handing_in(
    caller: Caller, surface: Surface, file: File, named: str = ""
) -> tuple[Request, dict[str, str]]:
    """The request that hands a file in, as its operation takes one, and the values of its path. In
    a form the file is `named` by these raw parameters (RFC 7578, 4.2)."""
    operation, name = surface.operation, f"l7audit-{secrets.token_hex(5)}.{file.ending}"
    path = dict(surface.values)
    if operation.template.endswith("}"):
        path[operation.path_parameters[-1].name] = name
    member = file_member(operation)
    media, content = file.media, file.content
    if member and MULTIPART not in operation.bodies:
        fields = {**_told(operation, name, file), member: base64.b64encode(content).decode()}
        return surface.request(caller.auth(surface), path=path, fields=fields), path
    if member:
        media, content = form(
            surface, member, named or f'filename="{name}"', file.media, file.content
        )
    auth = caller.auth(surface)
    return surface.request(auth, path=path, content=content, media_type=media), path


def _told(operation: Operation, name: str, file: File) -> dict[str, str]:
    """The members of a JSON body that say what a file is called and of which type it is."""
    found = {}
    for member, part in properties(operation.json_schema).items():
        if type_of(part) in {"", "string"} and not {"enum", "const"} & part.keys():
            if says(words(member), *_TYPES):
                found[member] = file.media
            elif says(words(member), *_NAMES):
                found[member] = name
    return found


def form(
    surface: Surface, member: str, named: str, media: str, content: bytes
) -> tuple[str, bytes]:
    """The media type and the bytes of a multipart body: a file in that member, beside what else is
    required. `named` are the raw parameters that give the file its name."""
    operation = surface.operation
    schema = operation.bodies[MULTIPART]
    composed = replace(surface, operation=replace(operation, bodies={MULTIPART: schema})).body()
    others = {n: composed[n] for n in required(schema) if n != member and n in composed}
    start = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name="
    fields = "".join(f'{start}"{n}"\r\n\r\n{v}\r\n' for n, v in others.items())
    head = f'{start}"{member}"; {named}\r\nContent-Type: {media}\r\n\r\n'
    whole = f"{fields}{head}".encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()
    return f"{MULTIPART}; boundary={_BOUNDARY}", whole


def _last(operation: Operation) -> tuple[str, ...]:
    fixed = [s for s in operation.template.split("/") if s and not s.startswith("{")]
    return words(fixed[-1]) if fixed else ()


def _links(answer: Answer) -> list[str]:
    """Paths of this service that the answer gives as where something is."""
    body = answer.json_or_none()
    said = [v for v in body.values() if isinstance(v, str)] if isinstance(body, dict) else []
    said.append(answer.headers.get("Location"))
    paths = [urlsplit(v).path for v in said if v and ("://" in v or v.startswith("/"))]
    return list(dict.fromkeys(p for p in paths if p.startswith("/") and not p.startswith("//")))[:2]


def runs(answer: Answer) -> bool:
    """Whether a browser that opens this answer would run what is in it."""
    shown_apart = "attachment" in answer.headers.get("Content-Disposition").lower()
    boxed = "sandbox" in answer.headers.get("Content-Security-Policy").lower()
    return answer.ok and answer.media_type in ACTIVE and not shown_apart and not boxed
