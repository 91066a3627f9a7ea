"""Ground for scanners: source in a folder, and nothing to send to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from l7audit.model import Capability, Source, Target
from l7audit.probe.probe import Probe
from l7audit.scanning import Ground
from l7audit.target.sessions import Sessions
from l7audit.target.target_model import TargetModel

MakeGround = Callable[..., Ground]


@pytest.fixture
def ground(tmp_path: Path) -> MakeGround:
    """Ground with these files (by name) as its source, and what else the source names."""

    def make(files: dict[str, str], **source: object) -> Ground:
        root = tmp_path / "source"
        for name, text in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        folder = tmp_path / "work"
        folder.mkdir()
        target = Target(
            name="t",
            provider="p",
            base_url="http://127.0.0.1:9",
            capabilities=[Capability.SOURCE],
            source=Source(**({"root": str(root), "paths": ["."]} | source)),  # type: ignore[arg-type]
        )
        probe = Probe(target, lambda _: None)
        return Ground(target, "", 1, folder, Sessions(TargetModel(None, target), probe))

    return make
