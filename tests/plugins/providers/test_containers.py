"""The containers provider as users meet it; skipped, with the reason, where no engine answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from l7audit.errors import ProviderError
from l7audit.model import Capability
from l7audit.profile import Profile
from l7audit_plugins.providers.containers import Containers
from l7audit_plugins.providers.embedded import Embedded

ENGINE = {d.subject: d for d in Containers().diagnose()}.get("containers: engine")
needs_engine = pytest.mark.skipif(
    ENGINE is None or not ENGINE.fine,
    reason="no Docker engine answers; scripts/docker-engine.sh brings one",
)


def _l7audit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "l7audit", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.early
@needs_engine
def test_the_readmes_command_audits_and_what_containers_lack_is_left_out_with_its_reason(
    tmp_path: Path,
) -> None:
    done = _l7audit(
        tmp_path, "run", "--target", "containers", "--select", "CORS-02,FAIL-01,CRYPT-12"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = tmp_path.glob("l7audit-out/2*/results.json")
    told = json.loads(file.read_text())
    verdicts = {c["id"]: c.get("verdict") for c in told["controls"]}
    assert (verdicts["CORS-02"], verdicts["FAIL-01"]) == ("pass", "pass")
    assert "backups" in json.dumps(told["out_of_scope"])


@needs_engine
def test_a_stack_can_be_left_running_and_is_found_and_stopped_again(tmp_path: Path) -> None:
    target = ("--target", "containers")
    try:
        up = _l7audit(tmp_path, "stack", "up", *target)
        shown = _l7audit(tmp_path, "stack", "status", *target)
    finally:
        down = _l7audit(tmp_path, "stack", "down", *target)
    assert (up.returncode, shown.returncode, down.returncode) == (0, 0, 0), up.stderr
    assert "l7audit stack down --target containers" in up.stdout
    assert "api-2" in shown.stdout
    assert "The stack is stopped." in down.stdout
    assert "No stack was running." in _l7audit(tmp_path, "stack", "down", *target).stdout


def test_it_grants_what_containers_can_do_and_no_more() -> None:
    lacking = set(Embedded.capabilities) - set(Containers.capabilities)
    assert lacking == {Capability.BACKUPS, Capability.LISTENER, Capability.NAMES}
    assert set(Containers.capabilities) < set(Embedded.capabilities)


def test_without_an_engine_doctor_and_runs_name_the_script(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    told = {d.subject: (d.fine, d.mend) for d in Containers().diagnose()}
    fine, mend = told["containers: engine"]
    assert not fine
    assert "scripts/docker-engine.sh" in mend
    opened = Containers().open(Profile(), tmp_path, lambda _: None)
    with pytest.raises(ProviderError, match=r"scripts/docker-engine\.sh"), opened:
        pass


def test_what_is_not_installed_is_named_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Containers, "parts", {"no-such-part": "a thing"})
    opened = Containers().open(Profile(), tmp_path, lambda _: None)
    with pytest.raises(ProviderError, match=r"needs no-such-part, .*l7audit\[containers\]"), opened:
        pass
