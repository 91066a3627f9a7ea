"""Nothing that audits may know a path of the reference API: it would work on that alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import l7audit
import l7audit_suites
from l7audit.model import Kind, Target
from l7audit.target.target_model import TargetModel

openapi = pytest.importorskip("l7audit_stack.api.openapi", reason="the stack is an extra")
table = pytest.importorskip("l7audit_stack.api.routes.table", reason="the stack is an extra")

# Registered or customary with everybody, so knowing them is no knowledge of one API.
EVERYBODY_S = re.compile(r"/\.well-known/.*|/openapi\.json|/metrics|/health(z|/live|/ready)?")
SOURCES = [
    path
    for package in (l7audit, l7audit_suites)
    for folder in package.__path__
    for path in Path(folder).rglob("*")
    if path.suffix in {".py", ".yaml"}
]


@pytest.fixture(scope="module")
def paths() -> list[str]:
    found = openapi.describe(table.OPERATIONS, "https://127.0.0.1:1")["paths"]
    return [p for p in found if not EVERYBODY_S.fullmatch(p)]


def test_the_reference_api_s_own_paths_are_looked_for(paths: list[str]) -> None:
    assert len(paths) > 15
    assert len(SOURCES) > 50


def test_no_core_module_and_no_suite_names_a_path_of_the_reference_api(paths: list[str]) -> None:
    fixed = {p.partition("/{")[0] for p in paths}
    named = re.compile("|".join(rf"{re.escape(p)}(?![\w-])" for p in sorted(fixed)))
    found = [
        f"{path.name}: {match.group()}"
        for path in SOURCES
        for match in named.finditer(path.read_text())
    ]
    assert found == []


def test_the_reference_api_is_understood_by_the_same_rules_as_any_other() -> None:
    text = json.dumps(openapi.describe(table.OPERATIONS, "https://127.0.0.1:1"))
    target = Target(name="t", provider="embedded", base_url="https://127.0.0.1:1", capabilities=[])
    model = TargetModel.of(text, target)
    needed = [
        Kind.PUBLIC_READ, Kind.PROTECTED_READ, Kind.LOGIN, Kind.TOKEN, Kind.REVOKE_TOKEN,
        Kind.JWKS, Kind.RESOURCE_CREATE, Kind.RESOURCE_LIST, Kind.RESOURCE_READ,
        Kind.RESOURCE_CHANGE, Kind.RESOURCE_DELETE, Kind.KEY_CREATE, Kind.KEY_LIST,
        Kind.KEY_REVOKE, Kind.KEY_ROTATE, Kind.ADMIN, Kind.RATE_POLICY, Kind.COSTLY, Kind.UPLOAD,
        Kind.SIGNING_KEY_CREATE, Kind.SIGNING_KEY_RETIRE, Kind.DATA_KEY_ROTATE,
        Kind.STREAMING, Kind.URL_TAKING, Kind.PATH_TAKING, Kind.HEALTH, Kind.METRICS,
    ]  # fmt: skip
    assert [k for k in needed if not model.surfaces(k)] == []
