"""What the benchmark of detection reads in the reports of others, and how it runs them.

The samples in peer_reports/ are cut from real runs against one of the training ground's services.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SAMPLES = Path(__file__).with_name("peer_reports")


@pytest.fixture(autouse=True)
def benchmark_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "detection"))


@pytest.fixture
def reports() -> ModuleType:
    return importlib.import_module("peer_reports")


def said(reports: ModuleType, peer: str, file: str) -> dict[tuple[str, str], bool]:
    """Whether a class is only hinted at at an operation."""
    text = (SAMPLES / file).read_text(encoding="utf-8")
    found = reports.findings(peer, getattr(reports, peer)(text))
    weakest_first = sorted(found, key=lambda finding: not finding.weak)
    return {(name, f.operation): f.weak for f in weakest_first for name in f.names}


def test_schemathesis_is_read_at_the_operations_that_its_checks_name(reports: ModuleType) -> None:
    found = said(reports, "schemathesis", "schemathesis.ndjson")
    assert found["stack-trace", "GET /v2/bookings"] is True
    assert found["excessive-exposure", "GET /v2/webhooks"] is True
    assert {operation for _, operation in found} == {
        "GET /v2/bookings",
        "GET /v2/webhooks",
        "POST /v2/oauth/revoke",
        "GET /v2/berths",
    }


def test_what_schemathesis_says_of_other_peoples_objects_is_strong(reports: ModuleType) -> None:
    failure = {
        "type": "ObjectLevelAuthorizationViolation",
        "operation": "GET /things/{id}",
        "title": "Object-level authorization bypass",
    }
    check = {"status": "failure", "failure_info": {"failure": failure}}
    line = json.dumps({"ScenarioFinished": {"recorder": {"checks": {"abc": [check]}}}})
    (finding,) = reports.findings("schemathesis", reports.schemathesis(line))
    assert (finding.names, finding.weak) == ({"bola-read", "bola-list"}, False)


def test_wapiti_is_read_with_its_anomalies_as_hints(reports: ModuleType) -> None:
    found = said(reports, "wapiti", "wapiti.json")
    assert found["injection-sql", "GET /v2/berths"] is False
    assert found["injection-header", "GET /v2/bookings/export"] is False
    assert found["ssrf", "POST /v2/webhooks"] is False
    assert found["stack-trace", "GET /v2/berths"] is True


def test_offat_is_read_where_it_says_vulnerable_or_leaked_only(reports: ModuleType) -> None:
    assert said(reports, "offat", "offat.json") == {
        ("injection-template", "POST /v2/letters/preview"): False,
        ("injection-code", "POST /v2/letters/preview"): False,
        ("excessive-exposure", "GET /v2/me"): True,
        ("stack-trace", "GET /v2/me"): True,
    }


def test_the_same_category_at_the_same_operation_is_one_finding(reports: ModuleType) -> None:
    twice = [("SQL Injection", "GET /x", "by error"), ("SQL Injection", "GET /x", "by time")]
    assert len(reports.findings("wapiti", iter(twice))) == 1


def test_a_category_that_the_table_does_not_know_is_an_error(reports: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"peers\.yaml does not know it"):
        reports.findings("wapiti", iter([("Something New", "GET /x", "said")]))


@pytest.mark.parametrize(
    ("document", "base", "inside"),
    [
        (
            {"openapi": "3.0.3", "servers": [{"url": "https://api.example/v1/"}]},
            "/v1",
            {"servers": [{"url": "http://127.0.0.1:1/v1"}]},
        ),
        ({"openapi": "3.1.0"}, "", {"servers": [{"url": "http://127.0.0.1:1"}]}),
        (
            {"swagger": "2.0", "host": "api.example", "basePath": "/api", "schemes": ["https"]},
            "/api",
            {"host": "127.0.0.1:1", "schemes": ["http"], "basePath": "/api"},
        ),
    ],
)
def test_a_peer_is_given_a_document_that_names_no_other_host(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    document: dict[str, Any],
    base: str,
    inside: dict[str, Any],
) -> None:
    documents = importlib.import_module("documents")

    def get(address: str, **_: object) -> httpx.Response:
        request = httpx.Request("GET", address)
        return httpx.Response(200, text=yaml.safe_dump(document), request=request)

    monkeypatch.setattr(documents.httpx, "get", get)
    file = tmp_path / "document.json"
    assert documents.mended("http://127.0.0.1:1/doc", "http://127.0.0.1:1", file) == (
        "http://127.0.0.1:1" + base
    )
    written = json.loads(file.read_text(encoding="utf-8"))
    assert inside.items() <= written.items()
    assert "api.example" not in file.read_text(encoding="utf-8")


def test_the_callback_tells_who_came_by() -> None:
    callback = importlib.import_module("callback")
    with callback.listening() as server, httpx.Client(trust_env=False) as client:
        client.get(f"{server.url}/ssrf/session/7/75726c/")
        visits = client.get(f"{server.url}/get_ssrf.php?session_id=session").json()
    (visit,) = visits["7"]["75726c"]
    assert visit["method"] == "GET"


def test_a_peer_that_hangs_is_stopped_and_its_run_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers = importlib.import_module("peers")
    monkeypatch.setattr(peers, "_GRACE", 0.0)
    hanging = [sys.executable, "-c", "import time; time.sleep(600)"]
    assert "stopped after" in peers._run(hanging, tmp_path, 1)


def test_the_first_folder_with_the_program_is_taken(tmp_path: Path) -> None:
    peers = importlib.import_module("peers")
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    for name in ("b", "c"):
        (tmp_path / name / "wapiti").touch()
    wapiti = next(peer for peer in peers.PEERS if peer.name == "wapiti")
    folders = [tmp_path / name for name in "abc"]
    assert wapiti.where(folders) == tmp_path / "b" / "wapiti"
    assert wapiti.where(folders[:1]) is None
