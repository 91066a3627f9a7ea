from __future__ import annotations

from typing import Any

import msgspec
import pytest

from l7audit.errors import UsageError
from l7audit.model import Kind, Target
from l7audit.target.operation import FORM, Operation
from l7audit.target.target_model import TargetModel

DOCUMENT = """
openapi: 3.1.0
components: {securitySchemes: {k: {type: apiKey, in: header, name: X-K}}}
security: [{k: []}]
paths:
  /a: {get: {}}
  /b: {get: {}}
  /open: {get: {security: []}}
"""


def model(target: Target, text: str = "", **hints: Any) -> TargetModel:
    return TargetModel.of(text, msgspec.structs.replace(target, hints=hints))


def places(found: TargetModel, kind: Kind) -> list[str]:
    return [str(s.place()) for s in found.surfaces(kind, limit=9)]


def only(found: TargetModel) -> Operation:
    (operation,) = found.operations
    return operation


def test_without_a_document_hints_make_the_model(target: Target) -> None:
    found = model(
        target, protected_reads=["GET /x", "GET /y/{id}"], public_reads="GET /z", login="POST /in"
    )
    assert places(found, Kind.PROTECTED_READ) == ["GET /x", "GET /y/{id}"]
    assert places(found, Kind.PUBLIC_READ) == ["GET /z"]
    assert places(found, Kind.LOGIN) == ["POST /in"]


def test_without_a_document_the_identities_say_what_is_accepted(target: Target) -> None:
    operation = only(model(target, protected_read="GET /x"))
    assert not operation.public
    assert [operation.accepts(k) for k in ("api_key", "bearer", "basic", "cookie")] == [
        True, True, True, False,
    ]  # fmt: skip


def test_without_documents_and_hints_there_is_nothing(target: Target) -> None:
    assert model(target).operations == ()


def test_a_hint_takes_the_place_of_what_the_rules_say(target: Target) -> None:
    found = model(target, DOCUMENT, protected_reads=["GET /b"])
    assert places(found, Kind.PROTECTED_READ) == ["GET /b"]


def test_a_hinted_public_read_needs_no_credential(target: Target) -> None:
    found = model(target, DOCUMENT, public_read="GET /a")
    assert places(found, Kind.PUBLIC_READ) == ["GET /a"]
    assert found.surfaces(Kind.PUBLIC_READ)[0].operation.public


def test_hints_may_use_the_plural_of_any_kind(target: Target) -> None:
    found = model(target, rate_policies=["PUT /limits"], jwks="GET /certs")
    assert places(found, Kind.RATE_POLICY) == ["PUT /limits"]
    assert places(found, Kind.JWKS) == ["GET /certs"]


def test_a_hinted_login_takes_the_hinted_fields(target: Target) -> None:
    fields = {"user": "who", "password": "word"}
    operation = only(model(target, login="POST /in", login_fields=fields, login_media="form"))
    assert list(operation.bodies) == [FORM]
    assert list(operation.form_schema["properties"]) == ["who", "word"]


@pytest.mark.parametrize("hint", ["/x", "GET x", "get /x", "", 3, ["GET /x", None], "GET  /a b"])
def test_a_malformed_hint_is_one_clear_sentence(target: Target, hint: Any) -> None:
    with pytest.raises(UsageError, match="names no operation"):
        model(target, protected_reads=hint)


def test_a_hint_that_makes_a_read_change_something_is_refused(target: Target) -> None:
    with pytest.raises(UsageError, match="names a GET"):
        model(target, login="GET /in")
