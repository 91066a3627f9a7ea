"""Packages against advisories in a folder, by OSV's own rules, without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from l7audit.errors import ScanError
from l7audit_plugins.scanners.advisories import load
from l7audit_plugins.scanners.pip_audit import PipAudit


def advisory(*events: dict[str, str], versions: tuple[str, ...] = (), **more: Any) -> str:
    affected = {
        "package": {"ecosystem": "PyPI", "name": "Made.Up"},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
        "versions": list(versions),
    }
    head = {"id": "L7-1", "modified": "2026-01-02T03:04:05Z", "summary": "It is made up."}
    return json.dumps({**head, "affected": [affected], **more})


SOME = advisory({"introduced": "0"}, {"fixed": "2.0"}, versions=("1.0", "1.1"))


def scanned(ground: Any, pins: str, text: str = SOME) -> Any:
    files = {"requirements.txt": pins, "osv/PyPI/L7-1.json": text}
    return PipAudit().scan(ground(files, requirements=["requirements.txt"], advisories="osv"))


def test_a_vulnerable_version_is_found_and_the_one_that_mends_it_is_told(ground: Any) -> None:
    scan = scanned(ground, "made_up==1.1\nother==3\n")
    assert scan.found
    assert [str(p) for p in scan.looked_at] == [
        "requirements.txt (made-up)",
        "requirements.txt (other)",
    ]
    (known,) = scan.weaknesses
    assert str(known.place) == "requirements.txt (made-up L7-1)"
    assert (known.expected, known.seen) == ("made-up 2.0", "made-up 1.1")
    assert (scan.notes["advisories"], scan.notes["newest_advisory"]) == (1, "2026-01-02")


def test_a_mended_version_is_not_found(ground: Any) -> None:
    assert scanned(ground, "made-up==2.0\n").weaknesses == ()


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ([{"introduced": "0"}, {"fixed": "1.2"}], ["0.1", "1.1.9"], ["1.2", "1.10"]),
        ([{"introduced": "1.0"}], ["1.0", "99"], ["0.9"]),
        ([{"introduced": "1.0"}, {"last_affected": "1.5"}], ["1.0", "1.5"], ["1.5.1", "0.9"]),
        (
            [{"introduced": "3.0"}, {"fixed": "3.2"}, {"introduced": "1.0"}, {"fixed": "1.4"}],
            ["1.3", "3.1"],
            ["1.4", "2.0", "3.2", "0.1"],
        ),
    ],
)
def test_a_range_holds_what_osv_says_that_it_holds(
    events: list[dict[str, str]], inside: list[str], outside: list[str], tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text(advisory(*events))
    (known,) = load(tmp_path)["made-up"]
    assert [v for v in (*inside, *outside) if known.touches("made-up", Version(v))] == inside


def test_what_was_withdrawn_or_is_of_another_world_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(advisory(withdrawn="2026-01-03T00:00:00Z"))
    (tmp_path / "b.json").write_text(SOME.replace("PyPI", "npm"))
    with pytest.raises(ScanError, match=r"holds no advisory on a package of PyPI"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("pins", "text", "sentence"),
    [
        ("made-up>=1\n", SOME, r"does not pin what is installed"),
        ("made-up==1\n", "[]", r"is no advisory in OSV's format"),
        ("made-up==1\n", advisory({"introduced": "0"}), r"so none can be tried out"),
    ],
)
def test_what_cannot_be_told_is_said(ground: Any, pins: str, text: str, sentence: str) -> None:
    with pytest.raises(ScanError, match=sentence):
        scanned(ground, pins, text)


def test_without_advisories_nothing_is_told_and_nothing_fetched(ground: Any) -> None:
    given = ground({"requirements.txt": "a==1\n"}, requirements=["requirements.txt"])
    with pytest.raises(ScanError, match=r"No advisories are named, and none are fetched"):
        PipAudit().scan(given)
