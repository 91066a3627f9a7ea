"""The manifest: what it lists, and what it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from l7audit.folders import CHECKS_LOG, MANIFEST
from l7audit.integrity import manifest
from l7audit.plugins import Plugins
from l7audit.rendering import render as render_reports


def test_it_lists_sizes_digests_reporters_and_where_journals_end(run: Path) -> None:
    found = json.loads((run / MANIFEST).read_bytes())
    assert (found["format"], found["run"]) == ("l7audit-manifest/1", "r1")
    by_name = {f["name"]: f for f in found["files"]}
    assert by_name["journal.jsonl"]["journal"]["records"] == 12
    assert by_name["proof/aa.open.jsonl"]["journal"]["records"] == 3
    assert by_name["results.json"]["reporter"] == "json"
    assert by_name["results.json"]["size"] == (run / "results.json").stat().st_size
    assert not any("stack" in name for name in by_name)


def test_rendering_again_writes_the_same_manifest(
    run: Path, render: Callable[[Path], object]
) -> None:
    before = (run / MANIFEST).read_bytes()
    render(run)
    assert (run / MANIFEST).read_bytes() == before


def test_another_report_joins_those_that_were_listed(run: Path, plugins: Plugins) -> None:
    render_reports(run / "journal.jsonl", plugins, run, ["csv"])
    listed = manifest.decode((run / MANIFEST).read_bytes()).by_name
    assert (listed["controls.csv"].reporter, listed["results.json"].reporter) == ("csv", "json")


def test_a_file_that_is_gone_and_one_that_is_not_ours_are_not_listed(
    run: Path, render: Callable[[Path], object]
) -> None:
    (run / CHECKS_LOG).unlink()
    (run / "notes.txt").write_text("mine")
    render(run)
    listed = manifest.decode((run / MANIFEST).read_bytes()).by_name
    assert listed.keys().isdisjoint({CHECKS_LOG, "notes.txt"})


def test_reports_elsewhere_leave_no_manifest(run: Path, tmp_path: Path, plugins: Plugins) -> None:
    before = (run / MANIFEST).read_bytes()
    render_reports(run / "journal.jsonl", plugins, tmp_path / "elsewhere", ["json", "csv"])
    assert not (tmp_path / "elsewhere" / MANIFEST).exists()
    assert (run / MANIFEST).read_bytes() == before


def test_a_journal_of_another_name_gets_none(run: Path, plugins: Plugins, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_bytes((run / "journal.jsonl").read_bytes())
    render_reports(tmp_path / "mine.jsonl", plugins, tmp_path, ["json"])
    assert not (tmp_path / MANIFEST).exists()


def test_another_format_is_said(run: Path) -> None:
    data = (run / MANIFEST).read_bytes().replace(b"manifest/1", b"manifest/2")
    with pytest.raises(ValueError, match="'l7audit-manifest/2'; this version reads"):
        manifest.decode(data)


@pytest.mark.parametrize("name", ["a", "a/b.c", ".hidden", "proof/authn.x.jsonl", "ü é.txt"])
def test_ordinary_names_are_portable(name: str) -> None:
    assert manifest.portable(name)


@pytest.mark.parametrize(
    "name", ["", "/", "/a", "a/", "..", "a/../b", "a.", "a ", "a\n", "a:b", "a\\b", "\ud800"]
)
def test_names_that_lead_elsewhere_are_not(name: str) -> None:
    assert not manifest.portable(name)
