"""The booth and its suites for tests of any room."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from booth.service import Booth
from booth.suite import Suite, write_suite


@pytest.fixture
def booth() -> Iterator[Booth]:
    """A sound booth, listening."""
    opened = Booth()
    yield opened
    opened.die()


@pytest.fixture
def make_suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Suite]]:
    """Writes suites into `tmp_path/site` and installs them for this test."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)

    def write(checks: dict[str, str], **more: object) -> Suite:
        suite = write_suite(site, checks, **more)  # type: ignore[arg-type]
        importlib.invalidate_caches()
        return suite

    yield write
    importlib.invalidate_caches()
