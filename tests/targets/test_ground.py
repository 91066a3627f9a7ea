"""The training ground's own order: what its services say of themselves holds."""

from __future__ import annotations

import re

import httpx
import msgspec
import pytest
import yaml
from ground.packages import lacking
from ground.running import running
from ground.target import service, services
from ground.weaknesses import CLASSES, Weakness, weaknesses


def test_at_least_sixty_weaknesses_of_most_classes_are_there_and_no_id_is_of_two_services() -> None:
    found = [w for name in services() for w in weaknesses(name).values()]
    assert len({w.id for w in found}) == len(found) >= 60
    assert len({w.cls for w in found}) > len(CLASSES) * 2 / 3


@pytest.mark.parametrize(
    "wrong", [{"class": "bad"}, {"operation": "/x"}, {"id": "1"}, {"colour": "red"}]
)
def test_a_weakness_of_another_vocabulary_is_refused(wrong: dict[str, str]) -> None:
    right = {"id": "AB-01", "class": "cors", "operation": "*", "summary": "s", "documented": True}
    msgspec.convert(right, Weakness)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**right, **wrong}, Weakness)


def test_a_service_on_node_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert lacking("bakery") == "bakery needs node (Debian: apt-get install nodejs npm)"
    assert lacking("garage") == ""


@pytest.mark.parametrize("name", services())
def test_the_document_has_the_version_and_the_operations_that_are_told(name: str) -> None:
    if why := lacking(name):
        pytest.skip(why)
    described = service(name)
    with running(name) as url:
        document = yaml.safe_load(httpx.get(url + described.document.path).text)
    version = str(document.get("openapi") or document["swagger"])
    assert version.startswith(described.document.version)
    base = document.get("basePath", "").rstrip("/")
    documented = {
        _nameless(f"{method.upper()} {base}{path}")
        for path, item in document["paths"].items()
        for method in item
    }
    for weakness in weaknesses(name).values():
        if weakness.operation != "*":
            told = _nameless(weakness.operation) in documented
            assert told == weakness.documented, weakness


def _nameless(operation: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", operation)


def test_a_weakness_that_nobody_knows_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    with (
        pytest.raises(RuntimeError, match="ended before it answered"),
        running("timebank", weak={"ZZ-99"}),
    ):
        pass
    assert "no such weakness: ZZ-99" in capfd.readouterr().err
