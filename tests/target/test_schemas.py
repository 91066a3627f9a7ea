from __future__ import annotations

from typing import Any

from l7audit.target.schemas import DEPTH, NODES, Expander, properties, required, type_of, walk


def expand(schema: Any, **components: Any) -> Any:
    return Expander({"components": {"schemas": components}}).schema(schema)


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_references_are_written_out() -> None:
    thing = {"type": "object", "properties": {"a": ref("A")}}
    assert expand(ref("Thing"), Thing=thing, A={"type": "string"}) == {
        "type": "object",
        "properties": {"a": {"type": "string", "title": "A"}},
    }


def test_what_a_plain_value_is_called_where_it_is_defined_is_its_title() -> None:
    member = {"type": "object", "properties": {"hull": ref("VesselId"), "berth": ref("Berth")}}
    vessel, berth = {"type": "string", "title": "A vessel"}, {"type": "object"}
    found = expand(member, VesselId=vessel, Berth=berth)
    assert properties(found) == {"hull": vessel, "berth": berth}
    found = expand(member, VesselId={"type": "integer"}, Berth=berth)
    assert properties(found)["hull"]["title"] == "VesselId"


def test_a_reference_with_escaped_steps_is_followed() -> None:
    assert expand(ref("a~1b~0c"), **{"a/b~c": {"type": "object"}}) == {"type": "object"}


def test_a_reference_elsewhere_or_to_nothing_is_an_empty_schema() -> None:
    for target in ("#/nowhere", "other.yaml#/A", "http://evil.example/schema", "#/components/3"):
        assert expand({"$ref": target}) == {}


def test_references_in_a_circle_end() -> None:
    assert expand(ref("A"), A=ref("B"), B=ref("A")) == {}
    node = {"type": "object", "properties": {"child": ref("Node"), "name": {"type": "string"}}}
    expanded = expand(ref("Node"), Node=node)
    assert properties(expanded)["child"] == {}
    assert properties(expanded)["name"] == {"type": "string"}


def test_an_expansion_without_end_is_bounded() -> None:
    levels = {
        f"L{n}": {"type": "object", "properties": {f"p{i}": ref(f"L{n + 1}") for i in range(9)}}
        for n in range(DEPTH + 3)
    }
    counted = 0
    stack = [expand(ref("L0"), **levels)]
    while stack:
        node = stack.pop()
        counted += bool(node)
        stack += properties(node).values()
    assert counted <= NODES


def test_all_of_is_merged() -> None:
    merged = expand(
        {
            "allOf": [
                {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
                {"required": ["b"], "properties": {"b": {"type": "integer"}}},
            ]
        }
    )
    assert list(properties(merged)) == ["b", "a"] or set(properties(merged)) == {"a", "b"}
    assert required(merged) == ["a", "b"]


def test_the_first_alternative_that_is_not_null_counts() -> None:
    schema = expand({"anyOf": [{"type": "null"}, {"type": "object", "properties": {"a": {}}}]})
    assert type_of(schema) == "object"
    assert list(properties(schema)) == ["a"]


def test_a_list_of_types_is_read_as_the_one_that_is_not_null() -> None:
    assert type_of({"type": ["null", "integer"]}) == "integer"


def test_a_missing_type_is_told_by_the_members() -> None:
    assert type_of({"properties": {"a": {}}}) == "object"
    assert type_of({"items": {}}) == "array"
    assert type_of({}) == ""


def test_nonsense_where_schemas_should_be_is_an_empty_schema() -> None:
    odd: dict[str, Any] = {"properties": 3, "items": 4, "allOf": "x", "anyOf": {}}
    listed: list[Any] = [None, 3, "x", [], odd]
    for nonsense in listed:
        assert properties(expand(nonsense)) == {}
        assert required(expand(nonsense)) == []


def test_members_are_walked_through_objects_and_lists() -> None:
    schema = expand(
        {
            "type": "object",
            "properties": {
                "a": {"type": "array", "items": {"type": "object", "properties": {"b": {}}}}
            },
        }
    )
    assert [name for name, _ in walk(schema)] == ["a", "b"]
