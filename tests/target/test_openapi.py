from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from l7audit.errors import DocumentError
from l7audit.target.openapi import Document
from l7audit.target.operation import Operation

DOCUMENTS = Path(__file__).parent / "documents"


def parsed(name: str) -> Document:
    return Document.parse((DOCUMENTS / name).read_text())


def minimal(**more: Any) -> str:
    return json.dumps({"openapi": "3.1.0", "paths": {}, **more})


def operation(document: Document, method: str, template: str) -> Operation:
    return next(o for o in document.operations if (o.method, o.template) == (method, template))


def test_json_and_yaml_are_read_alike() -> None:
    from_json = parsed("library_snake.json")
    assert from_json.version == "3.1.0"
    assert len(from_json.operations) == 12
    assert parsed("clinic_camel.yaml").title.startswith("camelCase")


def test_the_prefix_is_the_first_server_s_path_and_never_its_host() -> None:
    assert parsed("library_snake.json").prefix == "/api/v3"
    assert parsed("warehouse_kebab.yaml").prefix == "/wh"
    assert Document.parse(minimal(servers=[{"url": "https://{host}/x"}])).prefix == ""
    assert Document.parse(minimal(servers="nonsense")).prefix == ""


def test_security_of_the_document_holds_where_an_operation_says_nothing() -> None:
    document = parsed("clinic_camel.yaml")
    assert not operation(document, "GET", "/Patients").public
    assert operation(document, "POST", "/Auth/SignIn").public
    assert operation(document, "GET", "/Notices").public


def test_schemes_are_told_by_what_a_caller_does() -> None:
    kinds = {
        scheme.name: (scheme.kind, scheme.field, scheme.place)
        for name in ("library_snake.json", "clinic_camel.yaml", "warehouse_kebab.yaml")
        for scheme in parsed(name).schemes.values()
    }
    assert kinds == {
        "oauth": ("bearer", "Authorization", "header"),
        "sessionCookie": ("cookie", "CLINICSESSION", "cookie"),
        "queryKey": ("api_key", "clinicKey", "query"),
        "basicAuth": ("basic", "Authorization", "header"),
        "wh-key": ("api_key", "X-Warehouse-Key", "header"),
    }


def test_an_operation_says_which_credentials_open_it() -> None:
    item = operation(parsed("warehouse_kebab.yaml"), "GET", "/stock-items/{sku}")
    assert item.accepts("basic")
    assert item.accepts("api_key")
    assert not item.accepts("bearer")


def test_two_schemes_together_are_not_one_that_is_enough() -> None:
    document = Document.parse(
        minimal(
            components={
                "securitySchemes": {
                    "a": {"type": "http", "scheme": "bearer"},
                    "b": {"type": "apiKey", "in": "header", "name": "X-B"},
                }
            },
            paths={"/x": {"get": {"security": [{"a": [], "b": []}]}}},
        )
    )
    assert not document.operations[0].accepts("bearer")
    assert not document.operations[0].public


def test_parameters_of_the_path_hold_for_its_operations_and_can_be_overruled() -> None:
    document = Document.parse(
        minimal(
            paths={
                "/x/{id}": {
                    "parameters": [
                        {"name": "id", "in": "path", "schema": {"type": "string"}},
                        {"name": "q", "in": "query"},
                    ],
                    "get": {
                        "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}}]
                    },
                }
            }
        )
    )
    found = {p.name: (p.schema, p.required) for p in document.operations[0].parameters}
    assert found == {"id": ({"type": "integer"}, True), "q": ({}, False)}


def test_a_status_that_yaml_reads_as_a_number_is_a_status() -> None:
    document = Document.parse(
        "openapi: 3.0.0\npaths: {/x: {get: {responses: {200: {description: d, "
        "content: {application/json: {schema: {type: array}}}}}}}}"
    )
    assert document.operations[0].answer_schema == {"type": "array"}


def test_malformed_parts_are_left_out_and_the_rest_is_read() -> None:
    document = Document.parse(
        minimal(
            paths={
                "no-slash": {"get": {}},
                "/a": {"get": "nonsense", "post": {"parameters": "x", "responses": []}},
                "/b": 7,
                "/c": {"get": {"parameters": [{"in": "path"}, 3], "tags": 3, "security": "x"}},
            },
            components=[],
        )
    )
    assert [str(o.place) for o in document.operations] == ["POST /a", "GET /c"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "neither JSON nor YAML"),
        ("a: [", "neither JSON nor YAML"),
        ("- 1", "no object"),
        ("42", "no object"),
        ('{"swagger": "1.2", "paths": {}}', "says 1.2"),
        ("<!doctype html><title>API</title>", "is HTML or XML"),
        ('{"openapi": "4.0.0", "paths": {}}', "4.0.0"),
        ('{"paths": {}}', "no version"),
        ('{"openapi": "3.1.0"}', "no `paths`"),
        ("[" * 100_000, "neither JSON nor YAML"),
        ('{"a":' * 100_000, "neither JSON nor YAML"),
        ("{a: " * 5000, "neither JSON nor YAML"),
        ("!!python/object/apply:os.system ['true']", "neither JSON nor YAML"),
    ],
)
def test_what_is_no_document_is_one_clear_sentence(text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said) as error:
        Document.parse(text)
    assert "\n" not in str(error.value)


def test_a_document_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("l7audit.target.tree.LIMIT", 1000)
    with pytest.raises(DocumentError, match="larger"):
        Document.parse(" " * 1001)


def test_aliases_that_multiply_are_refused_before_they_are_written_out() -> None:
    lines = ["a0: &a0 {type: object}"]
    for n in range(1, 30):
        members = ", ".join(f"p{i}: *a{n - 1}" for i in range(9))
        lines.append(f"a{n}: &a{n} {{type: object, properties: {{{members}}}}}")
    with pytest.raises(DocumentError, match="more than 2,000,000 values, its aliases written out"):
        Document.parse("openapi: 3.0.0\n" + "\n".join(lines) + "\npaths: {}")


def test_an_alias_within_itself_is_refused() -> None:
    with pytest.raises(DocumentError, match="within what it stands for"):
        Document.parse("openapi: 3.0.0\npaths: &p {/x: *p}")


def test_an_honest_alias_is_read() -> None:
    text = (
        "openapi: 3.0.0\nx: &ok {description: d}\n"
        "paths: {/a: {get: {responses: {200: *ok}}}, /b: {get: {responses: {200: *ok}}}}"
    )
    document = Document.parse(text)
    assert [list(o.answers) for o in document.operations] == [["200"], ["200"]]


def test_more_operations_than_are_looked_at_are_counted_and_said() -> None:
    paths: dict[str, Any] = {f"/r{n}": {"get": {}, "post": {}} for n in range(2600)}
    document = Document.parse(minimal(paths=paths))
    assert len(document.operations) == 5000
    (note,) = document.notes
    assert note == "The document describes 5,200 operations; 5,000 are looked at."


def test_references_that_lead_nowhere_are_named_and_the_rest_is_read() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#/nowhere"}, "b": {"type": "string"}}}
    body = {"content": {"application/json": {"schema": schema}}}
    circle = {"$ref": "#/components/schemas/Loop"}
    document = Document.parse(
        minimal(
            paths={"/x": {"post": {"requestBody": body}, "get": {"parameters": [circle]}}},
            components={"schemas": {"Loop": circle}},
        )
    )
    by_method = {o.method: o for o in document.operations}
    assert by_method["POST"].json_schema["properties"] == {"a": {}, "b": {"type": "string"}}
    (note,) = document.notes
    assert note == (
        "References of the document lead nowhere (2 in all): #/components/schemas/Loop, #/nowhere."
    )


def test_schemas_that_would_fill_the_memory_stay_within_a_bound_that_is_said() -> None:
    wide = {f"p{n}": {"type": "string"} for n in range(3000)}
    paths = {
        f"/r{n}": {
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"properties": dict(wide)}}}
                }
            }
        }
        for n in range(80)
    }
    document = Document.parse(minimal(paths=paths))
    assert len(document.operations) == 80
    assert any("too large to be written out whole" in note for note in document.notes)


def test_a_slot_of_the_path_that_nobody_declares_is_a_parameter() -> None:
    document = Document.parse(minimal(paths={"/x/{id}": {"get": {}}}))
    assert [(p.name, p.place, p.required) for p in document.operations[0].parameters] == [
        ("id", "path", True)
    ]


def test_variables_of_a_server_s_path_have_their_defaults() -> None:
    server = {
        "url": "https://api.example.org/{version}",
        "variables": {"version": {"default": "v2"}},
    }
    assert Document.parse(minimal(servers=[server])).prefix == "/v2"


def test_a_key_in_the_authorization_header_is_a_bearer_token() -> None:
    scheme = {"type": "apiKey", "in": "header", "name": "Authorization"}
    document = Document.parse(minimal(components={"securitySchemes": {"token": scheme}}))
    assert document.schemes["token"].kind == "bearer"


@pytest.mark.parametrize(
    ("style", "names"),
    [
        ({"style": "deepObject"}, ["filter[title]", "filter[of]"]),
        ({}, ["title", "of"]),
        ({"explode": False}, ["filter"]),
    ],
)
def test_an_object_of_the_query_is_the_parameters_that_it_is_on_the_wire(
    style: dict[str, Any], names: list[str]
) -> None:
    schema = {
        "type": "object",
        "required": ["title"],
        "properties": {"title": {"type": "string"}, "of": {"type": "string"}},
    }
    declared = {"name": "filter", "in": "query", "required": True, "schema": schema, **style}
    told = {"openapi": "3.0.3", "paths": {"/pots": {"get": {"parameters": [declared]}}}}
    parameters = Document.parse(json.dumps(told)).operations[0].parameters
    assert [p.name for p in parameters] == names
    assert [p.required for p in parameters] == [True, False][: len(names)]
