"""A run that is quick, and somebody who listens to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from booth.outcomes import Listener
from booth.suite import Suite

from l7audit import plugins as all_plugins
from l7audit import session
from l7audit.profile import Profile
from l7audit.rendering import Outcome
from l7audit.session import Options

MakeSuite = Callable[..., Suite]
Run = Callable[..., Outcome]


DEFAULTS = {"jobs": 2, "seed": 7, "reporters": ("json",)}


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def run(tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a profile into `tmp_path/out`; only `results.json` and no other suites, to be quick."""
    monkeypatch.setattr(
        all_plugins, "BUILT_IN", [n for n in all_plugins.BUILT_IN if n != "l7audit_suites"]
    )

    def go(profile: Profile, **options: Any) -> Outcome:
        plugins = all_plugins.load(extra=[listener])
        wanted = Options(**(DEFAULTS | {"out": tmp_path / "out"} | options))
        try:
            return session.run(profile, plugins, wanted, lambda _: None)
        finally:
            plugins.manager.unregister(listener)

    return go
