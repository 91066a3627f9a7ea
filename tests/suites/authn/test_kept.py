from __future__ import annotations

from l7audit.target.operation import Operation, Parameter
from l7audit.target.surface import Surface
from l7audit_suites.authn.kept import lies_at


def read(template: str) -> Operation:
    names = [p[1:-1] for p in template.split("/") if p.startswith("{")]
    return Operation(
        name="read",
        method="GET",
        template=template,
        parameters=tuple(Parameter(n, "path", True) for n in names),
    )


def test_what_lies_below_a_thing_is_known_whatever_its_id_is_called() -> None:
    item = ["jobs", "{job}"]
    assert lies_at(read("/jobs/{job}"), item)
    assert lies_at(read("/jobs/{id}/result"), item)
    assert not lies_at(read("/jobs"), item)
    assert not lies_at(read("/jobs/latest"), item)
    assert not lies_at(read("/orders/{id}/result"), item)


def test_what_asks_for_another_id_needs_more_than_the_thing() -> None:
    assert not lies_at(read("/jobs/{job}/files/{file}"), ["jobs", "{job}"])
    assert Surface(read("/jobs/{job}/files/{file}")).needs_values == ("job", "file")
