"""Requests that schemathesis makes up from an OpenAPI document: the same for the same seed.

Mostly its coverage phase: each boundary of each parameter and member, inside and outside, without
chance and at little cost. Some are drawn at random besides, for texts that nobody thinks of.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import yaml

from l7audit.errors import ScanError
from l7audit.probe.request import Request
from l7audit.target.operation import is_json

if TYPE_CHECKING:
    import schemathesis

    Case = schemathesis.Case[Any]
    Described = schemathesis.APIOperation[Any, Any, Any, Any]

Scenario = tuple[str, str]
"""The name of a parameter, empty for a body, and what is done to it (`value_above_maximum`)."""

FEWEST = 4
"""Requests to an operation from its boundaries, where there are so many."""

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BASE = "http://127.0.0.1"
_SET_BY_US = {"user-agent", "x-schemathesis-testcaseid", "connection", "accept-encoding", "accept"}
_SET_BY_US |= {"content-length", "authorization", "cookie"}

# Other methods and other people's credentials are tested elsewhere; a member that a schema does
# not name is refused by few APIs and harms none.
_ELSEWHERE = {"unspecified_http_method", "object_unexpected_properties"}


@dataclass(frozen=True, slots=True)
class Made:
    """One request without credentials. `wrong` says where it breaks the document (`query limit`),
    shown by the schema on what goes over the wire; it is empty where that can't be said."""

    label: str
    positive: bool
    wrong: str
    request: Request
    case: Case

    @property
    def operation(self) -> Described:
        described: Described = self.case.operation
        return described


@dataclass(frozen=True, slots=True)
class Amount:
    """How many requests: `most` in all from boundaries, and `drawn` at random for each kind
    (fitting and not fitting) of `operations` operations."""

    most: int
    drawn: int
    operations: int


def settle(folder: Path) -> None:
    """Lets hypothesis keep its files in that folder: else they would be in the caller's.

    It tries each of the million characters to know which UTF-8 can carry, two seconds long, unless
    a file says so: all but the surrogates.
    """
    from hypothesis.configuration import set_hypothesis_home_dir
    from hypothesis.internal.charmap import charmap_file

    set_hypothesis_home_dir(folder)
    known = Path(charmap_file("codec-v2-utf-8"))
    known.parent.mkdir(parents=True, exist_ok=True)
    known.write_bytes(gzip.compress(b"[[[0, 55295], [57344, 1114111]], []]"))


@lru_cache(maxsize=2)
def made(
    document: str, prefix: str, labels: frozenset[str], seed: int, amount: Amount
) -> tuple[Made, ...]:
    """The requests for the operations of these labels (`GET /things`), by operation.

    Errors: `ScanError` where schemathesis can't read the document.
    """
    import schemathesis
    from schemathesis.core.result import Ok

    try:
        schema = schemathesis.openapi.from_dict(_without_security(_read(document)))
        read = [r.ok() for r in schema.get_all_operations() if isinstance(r, Ok)]
        operations = [o for o in read if o.label in labels]
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        raise ScanError(f"schemathesis cannot read the document: {said}.") from error
    share = max(FEWEST, amount.most // max(1, len(operations)))
    chance = random.Random(f"{seed}:operations")
    rich = [o for o in operations if o.body or o.query]
    chosen = {o.label for o in chance.sample(rich, min(amount.operations, len(rich)))}
    tried: set[Scenario] = set()
    return tuple(
        found
        for operation in operations
        for case in (
            *_boundaries(
                schema, operation, random.Random(f"{seed}:{operation.label}"), share, tried
            ),
            *(_drawn(operation, seed, amount.drawn) if operation.label in chosen else ()),
        )
        if (found := _made(case, prefix)) is not None
    )


def _read(document: str) -> dict[str, Any]:
    text = document.lstrip("\ufeff \t\r\n")
    read: dict[str, Any] = json.loads(text) if text[:1] == "{" else yaml.load(text, Loader=_LOADER)
    return read


def _without_security(document: dict[str, Any]) -> dict[str, Any]:
    """The document without who may call what: that is ours to say, and nothing to be fuzzed."""
    paths = {
        path: {
            key: {k: v for k, v in value.items() if k != "security"}
            if isinstance(value, dict)
            else value
            for key, value in item.items()
        }
        for path, item in document["paths"].items()
    }
    parts = {k: v for k, v in (document.get("components") or {}).items() if k != "securitySchemes"}
    rest = {k: v for k, v in document.items() if k not in {"security", "securityDefinitions"}}
    return {**rest, "paths": paths, "components": parts}


def _boundaries(
    schema: schemathesis.BaseSchema,
    operation: Described,
    chance: random.Random,
    share: int,
    tried: set[Scenario],
) -> Iterator[Case]:
    """So many of the coverage phase's cases, about as many fitting as not; the plainest first.

    Of those that do not fit, what no earlier operation has `tried` comes first: with few requests
    to each, parameters that many share are broken in each way all the same.
    """
    from schemathesis import GenerationMode
    from schemathesis.core.errors import SchemathesisError

    cases: list[Case] = []
    with suppress(SchemathesisError, ValueError):  # of a schema that no value fits
        cases.extend(
            case
            for case in schema.iter_coverage_cases(
                operation,
                generation_modes=list(GenerationMode),
                generation_config=schema.config.generation_for(operation=operation),
            )
            if _scenario(case)[1] not in _ELSEWHERE
        )
    good = [c for c in cases if _positive(c)]
    bad = [c for c in cases if not _positive(c) and _of_input(c)]
    plain, others = good[:1], good[1:]
    chance.shuffle(others)
    chance.shuffle(bad)
    bad.sort(key=lambda case: _scenario(case) in tried)
    kept = bad[: share - min(len(plain) + len(others), share // 2)]
    if not operation.path_parameters:  # else it may be answered that there is no such thing
        tried.update(map(_scenario, kept))
    yield from (*plain, *others)[: share - len(kept)]
    yield from map(_alone, kept)


def _alone(case: Case) -> Case:
    """The case with nothing in the query but what breaks it and what must be there: of the others,
    one that fits its schema may be refused all the same (a cursor that nobody gave out)."""
    broken, _ = _scenario(case)
    query = case.operation.query
    if broken in {p.name for p in query} and case.query:
        needed = {broken, *(p.name for p in query if p.is_required)}
        case.query = {name: value for name, value in case.query.items() if name in needed}
    return case


def _drawn(operation: Described, seed: int, count: int) -> list[Case]:
    """Random cases of both kinds; the same for the same seed, and nothing is kept on disk."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis.errors import HypothesisException
    from schemathesis import GenerationMode
    from schemathesis.core.errors import SchemathesisError

    found: list[Case] = []
    for mode in GenerationMode:

        @seeded(seed)
        @settings(
            max_examples=count,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def keep(case: Case) -> None:
            found.append(case)

        try:
            keep()
        except (HypothesisException, SchemathesisError, ValueError):
            continue  # nothing can be drawn: no input, or a media type that it can't write
    return found


def _scenario(case: Case) -> Scenario:
    """What the coverage phase breaks, and how."""
    about = case.meta.phase.data if case.meta else None
    return (getattr(about, "parameter", None) or "", str(getattr(about, "scenario", "")))


def _positive(case: Case) -> bool:
    return case.meta is None or case.meta.generation.mode.is_positive


def _of_input(case: Case) -> bool:
    """Whether what does not fit is in the query, the path or the body, and not in a header."""
    parts = case.meta.components if case.meta else {}
    places = {k.value for k, v in parts.items() if v.mode.is_negative}
    return bool(places) and not places & {"header", "cookie"}


def _made(case: Case, prefix: str) -> Made | None:
    """The case as one of our requests; None where no HTTP client could send it."""
    import requests

    try:
        given = case.as_transport_kwargs(base_url=_BASE + prefix)
        kept = {k: given[k] for k in ("method", "url", "headers", "params", "data", "json", "files")
                if k in given}  # fmt: skip
        prepared = requests.Request(**kept).prepare()
        body = prepared.body or b""
        content = body.encode() if isinstance(body, str) else body
        if not isinstance(content, bytes):
            return None
        headers = tuple(
            (str(n), str(v)) for n, v in prepared.headers.items() if n.lower() not in _SET_BY_US
        )
        path = str(prepared.url).removeprefix(_BASE) or "/"
        request = Request(case.method, path, (("Accept", "*/*"), *headers), content)
    except Exception:  # noqa: BLE001 - binary media types and what HTTP/1.1 cannot carry
        return None
    wrong = "" if _positive(case) else _wrong(case, request)
    return Made(case.operation.label, _positive(case), wrong, request, case)


def _wrong(case: Case, request: Request) -> str:
    """Where the request, as it goes over the wire, breaks the document."""
    operation = case.operation
    fields = parse_qs(request.path.partition("?")[2], keep_blank_values=True)
    for parameter in operation.query:
        sent = fields.get(parameter.name)
        if sent is None and parameter.is_required:
            return f"query {parameter.name}"
        check = _validator(case, parameter.validation_schema)
        if sent and not any(check.is_valid(value) for text in sent for value in _readings(text)):
            return f"query {parameter.name}"
    media = (request.header("Content-Type") or "").partition(";")[0].strip()
    body = operation.get_body_for_media_type(media) if is_json(media) else None
    if body is None or not request.content or _raw(body.validation_schema):
        return ""
    try:
        sent_body = json.loads(request.content)
    except ValueError:
        return "body"
    check = _validator(case, body.validation_schema)
    for error in check.iter_errors(sent_body):
        path = list(error.instance_path)
        if error.kind.name != "additionalProperties" and not read_kindly(check, sent_body, path):
            member = next((str(s) for s in error.instance_path if isinstance(s, str)), "")
            return f"body {member}".strip()
    return ""


def _raw(schema: Any) -> bool:
    """Whether a schema speaks of bytes, which some documents write where they take any JSON."""
    return isinstance(schema, dict) and (
        "contentEncoding" in schema or schema.get("format") == "binary"
    )


def read_kindly(check: Any, body: Any, path: list[str | int]) -> bool:
    """Whether what breaks the schema there is a number for the same text, or a text for the same
    number or flag: many readers take the one for the other, and lose no bound by that."""
    found = body
    for step in path:
        found = found[step]
    values: list[Any] = []
    if isinstance(found, str):
        values = [v for v in _readings(found) if isinstance(v, bool | int | float)]
    elif isinstance(found, int | float):
        values = [json.dumps(found)]
    return any(
        path not in [list(e.instance_path) for e in check.iter_errors(_put(body, path, value))]
        for value in values
    )


def _put(body: Any, path: list[str | int], value: Any) -> Any:
    """The body with another value there."""
    if not path:
        return value
    copy: Any = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = _put(body[path[0]], path[1:], value)
    return copy


def _validator(case: Case, schema: Any) -> Any:
    from schemathesis.core.jsonschema import make_validator

    return make_validator(schema, case.operation.schema.adapter.jsonschema_validator_cls)


def _readings(text: str) -> Iterator[Any]:
    """What a service may kindly read in a field of a query: a list, a number, a word."""
    yield text
    yield from ([text], text.split(","))
    for read in (int, float):
        try:
            yield read(text)
        except (ValueError, OverflowError):
            continue
    if text.lower() in {"true", "false", "1", "0", "on", "off", "yes", "no"}:
        yield text.lower() in {"true", "1", "on", "yes"}
    if text in {"", "null"}:
        yield None
