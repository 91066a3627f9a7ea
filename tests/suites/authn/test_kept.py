from __future__ import annotations

from dataclasses import replace

from l7audit.model import Target
from l7audit.target.operation import Operation, Parameter, Requirement, Scheme
from l7audit.target.surface import Surface
from l7audit.target.target_model import TargetModel
from l7audit_suites.authn.kept import lies_at
from l7audit_suites.authn.strange_writes import public_writes
from l7audit_suites.authz.families import Family


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


def write(method: str, template: str, *, public: bool) -> Operation:
    alone = ((Requirement(Scheme("key", "api_key", "X-API-Key")),),)
    return replace(read(template), method=method, security=() if public else alone)


def test_writes_of_a_thing_that_ask_for_no_credential_are_found_deletions_last() -> None:
    operations = [
        write("DELETE", "/notes/{id}", public=True),
        write("POST", "/notes/{note}/archive", public=True),
        write("PUT", "/notes/{id}", public=False),
        write("POST", "/notes", public=True),
        write("POST", "/polls/{id}/votes", public=True),
    ]
    target = Target(base_url="https://api.example", name="x", provider="external", capabilities=[])
    model = TargetModel(None, target)
    model.operations = tuple(operations)
    lister = Surface(write("GET", "/notes", public=False))
    family = Family("/notes", list=lister, read=Surface(write("GET", "/notes/{id}", public=False)))
    found = [str(s.operation.place) for s in public_writes(model, family)]
    assert found == ["POST /notes/{note}/archive", "DELETE /notes/{id}"]
