"""Which operations are fuzzed where there are more than requests for."""

from __future__ import annotations

from l7audit.target.operation import Operation, Parameter
from l7audit_plugins.scanners.schemathesis import chosen

PATH = (Parameter("id", "path", required=True, schema={}),)
PLAIN = {f"GET /{n}": Operation(f"{n}", "GET", f"/{n}") for n in "abc"}
OTHERS = {
    **{f"GET /{n}/{{id}}": Operation(n, "GET", f"/{n}/{{id}}", parameters=PATH) for n in "defghi"},
    **{f"POST /{n}": Operation(n, "POST", f"/{n}") for n in "defghi"},
}


def test_reads_that_need_nothing_are_fuzzed_whatever_the_seed() -> None:
    for seed in range(20):
        found = chosen({**OTHERS, **PLAIN}, 6, seed)
        assert len(set(found)) == len(found) == 6
        assert PLAIN.keys() <= set(found)


def test_of_all_others_the_seed_draws() -> None:
    drawn = {label for seed in range(20) for label in chosen({**OTHERS, **PLAIN}, 6, seed)}
    assert drawn == OTHERS.keys() | PLAIN.keys()


def test_reads_leave_a_third_to_what_changes_something() -> None:
    many = {f"GET /{n}": Operation(str(n), "GET", f"/{n}") for n in range(30)}
    found = chosen({**many, **OTHERS}, 9, seed=1)
    assert sum(label in many for label in found) >= 6
    assert len(found) == 9
