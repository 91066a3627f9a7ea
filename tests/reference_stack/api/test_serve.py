"""A replica as a process: how it starts, refuses to start, and stops."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from l7audit_stack.api.serve import load_factory
from l7audit_stack.api.settings import SettingsError

if TYPE_CHECKING:
    from tests.reference_stack.conftest import World


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"l7audit_stack.{module}", *arguments]


def _run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command, env={**kept, **environment}, capture_output=True, text=True, timeout=120
    )


def test_a_replica_answers_until_it_is_told_to_stop(world: World, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            _command("api.serve", "--port", str(port)),
            env={**os.environ, **world.environment},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        base = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            try:
                assert httpx.get(f"{base}/health/ready", trust_env=False).status_code == 200
                break
            except httpx.TransportError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
        answer = httpx.get(f"{base}/v1/me", headers=world.key("alice"), trust_env=False)
        assert answer.json()["name"] == "alice"
        assert "server" not in answer.headers
        # Bound to the real store: nothing was degraded under the production event loop.
        assert answer.headers["ratelimit-policy"] == '"standard";q=2000;w=4'
        second = _run(_command("api.serve", "--port", str(port)), dict(world.environment))
        assert second.returncode == 3
        assert second.stderr.splitlines()[-1] == f"127.0.0.1:{port} can't be listened on."
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)
    assert code == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["event"] for line in lines][-1] == "stopped"
    assert world.identities["alice"].api_key not in log.read_text()


def test_weak_production_settings_end_the_process_with_one_sentence_each(world: World) -> None:
    weak = {**world.environment, "PUBLIC_URL": "http://test", "CORS_ORIGINS": "*"}
    ended = _run(_command("api.serve", "--port", "1"), weak)
    assert ended.returncode == 4
    assert len(ended.stderr.strip().splitlines()) == 2
    assert "Traceback" not in ended.stderr


def test_an_app_that_can_not_be_loaded_is_explained() -> None:
    for name in ("nowhere.at.all:create_app", "l7audit_stack.api.app:nothing", "nonsense"):
        with pytest.raises(SettingsError, match="--app"):
            load_factory(name)


def test_the_commands_print_json_and_explain_what_is_missing(world: World, tmp_path: Path) -> None:
    made = _run(_command("api.provision", str(tmp_path / "s")), {})
    assert len(json.loads(made.stdout)["created"]) == 5
    rotated = _run(_command("api.provision", str(tmp_path / "s"), "--rotate"), {})
    assert len(json.loads(rotated.stdout)["created"]) == 3
    assert json.loads(_run(_command("data.migrate"), dict(world.environment)).stdout) == {
        "applied": []
    }
    for module, environment in (
        ("data.migrate", {}),
        ("data.seed", {}),
        ("data.migrate", {"DATABASE_URL": "postgresql://x:y@127.0.0.1:9/z"}),
    ):
        ended = _run(_command(module), environment)
        assert ended.returncode in (3, 4)
        assert len(ended.stderr.strip().splitlines()) == 1
        assert "Traceback" not in ended.stderr
