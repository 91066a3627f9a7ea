"""The stack as containers of a real Docker engine; skipped, with the reason, where none is."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

pytest.importorskip("testcontainers", reason="the extra 'containers' is not installed")

import docker

from l7audit_stack.deploy import containers
from l7audit_stack.deploy.components.store import Store
from l7audit_stack.deploy.engine import HOME_LABEL, Engine, sentences
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.homes import Home, sweep
from l7audit_stack.deploy.stack import Mode, Stack
from l7audit_stack.deploy.system import descendants
from l7audit_stack.deploy.waiting import wait_until

HOLDER = """
import sys, time
from pathlib import Path
from l7audit_stack.deploy.stack import Mode, Stack

with Stack.start(Path(sys.argv[1]), replicas=1, mode=Mode.CONTAINERS) as stack:
    stack.pause("postgres")
    print("up", flush=True)
    time.sleep(300)
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    """The engine's own client, to look past our code."""
    try:
        containers.engine_version()
    except StackError as error:
        pytest.skip(str(error))
    client: Any = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="module")
def stack(engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    assert engine.version()
    with Stack.start(tmp_path_factory.mktemp("run"), mode=Mode.CONTAINERS) as started:
        yield started


def _home(run_dir: Path) -> str:
    return str(json.loads((run_dir / "stack.json").read_text())["folder"])


def _of(engine: Any, home: str) -> list[Any]:
    """A run's containers and networks."""
    wanted = {"label": f"{HOME_LABEL}={home}"}
    return [
        *engine.containers.list(all=True, filters=wanted, ignore_removed=True),
        *engine.networks.list(filters=wanted),
    ]


def _status(stack: Stack, url: str) -> int:
    context = ssl.create_default_context(cafile=str(stack.address().ca_file))
    with httpx.Client(verify=context, timeout=2) as client:
        return client.get(f"{url}/health/ready").status_code


def _tenants(stack: Stack) -> int:
    async def count() -> int:
        connection = await asyncpg.connect(stack.address().database_url, timeout=5)
        try:
            found: int = await connection.fetchval("SELECT count(*) FROM tenants")
            return found
        finally:
            await connection.close()

    return asyncio.run(count())


@pytest.mark.early
def test_it_serves_through_its_edge_and_at_each_replica(stack: Stack) -> None:
    address = stack.address()
    assert [_status(stack, url) for url in (address.base_url, *address.replicas)] == [200] * 3
    assert {part.state for part in stack.status()} == {"ready"}
    assert _tenants(stack) > 0
    assert stack.versions()["postgres"] == "17"
    assert '"started"' in stack.logs("api-1")
    assert all(log.stat().st_size for log in address.logs)


def test_parts_are_published_on_loopback_alone_and_may_do_nothing_but_run(
    engine: Any, stack: Stack
) -> None:
    *parts, network = _of(engine, _home(stack.run_dir))
    assert len(parts) == 6
    for part in parts:
        host = part.attrs["HostConfig"]
        published = [one for each in host["PortBindings"].values() for one in each]
        assert [one["HostIp"] for one in published] == ["127.0.0.1"], part.name
        assert part.attrs["Config"]["User"].split(":")[0] not in ("", "0", "root")
        assert (host["ReadonlyRootfs"], host["CapDrop"], host["Privileged"]) == (
            True,
            ["ALL"],
            False,
        )
        assert stack.address().store_url.split("@")[0] not in " ".join(part.attrs["Args"])
    network.reload()
    options = network.attrs["Options"]
    assert options["com.docker.network.bridge.enable_ip_masquerade"] == "false"


def test_the_engine_sees_that_parts_are_healthy(engine: Any, stack: Stack) -> None:
    def all_healthy() -> bool:
        *parts, _ = _of(engine, _home(stack.run_dir))
        return {part.attrs["State"]["Health"]["Status"] for part in parts} == {"healthy"}

    assert wait_until(all_healthy, 30)


def test_a_killed_replica_comes_back_at_its_address(stack: Stack) -> None:
    replica = stack.address().replicas[0]
    stack.kill("api-1")
    with pytest.raises(httpx.TransportError):
        _status(stack, replica)
    (told,) = [part for part in stack.status() if part.name == "api-1"]
    assert (told.state, told.exit_code) == ("stopped", -signal.SIGKILL)
    assert _status(stack, stack.address().base_url) == 200
    stack.restart("api-1")
    assert _status(stack, replica) == 200


def test_a_paused_replica_does_not_answer_until_it_is_resumed(stack: Stack) -> None:
    replica = stack.address().replicas[1]
    stack.pause("api-2")
    with pytest.raises(httpx.TimeoutException):
        _status(stack, replica)
    stack.resume("api-2")
    assert _status(stack, replica) == 200
    stack.pause("api-2")
    stack.restart("api-2")  # what is frozen can be ended all the same
    assert _status(stack, replica) == 200


def test_a_killed_database_comes_back_with_what_it_held(stack: Stack) -> None:
    before = _tenants(stack)
    stack.kill("postgres")
    stack.restart("postgres")
    assert _tenants(stack) == before


@pytest.fixture
def held(engine: Any, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a stack whose database is paused."""
    assert engine.version()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    yield process
    process.kill()
    process.communicate()


def test_kill_9_of_the_parent_leaves_no_container_network_or_file(
    engine: Any, held: subprocess.Popen[str], tmp_path: Path
) -> None:
    home = _home(tmp_path)
    assert len(_of(engine, home)) == 6
    held.kill()
    assert wait_until(lambda: not _of(engine, home) and not Path(home).exists(), 30)


def test_kill_9_of_all_leaves_what_the_next_run_or_stack_down_removes(
    engine: Any, held: subprocess.Popen[str], stack: Stack, tmp_path: Path
) -> None:
    home = _home(tmp_path)
    for pid in [held.pid, *descendants(held.pid)]:
        os.kill(pid, signal.SIGKILL)
    held.wait()
    assert len(_of(engine, home)) == 6
    assert containers.sweep() == 6
    assert _of(engine, home) == []
    sweep()  # folders, as every start does first
    assert not Path(home).exists()
    assert len(_of(engine, _home(stack.run_dir))) == 7  # of a run that lives


def test_what_the_engine_refuses_is_one_sentence(engine: Any) -> None:
    with pytest.raises(StackError, match="The Docker engine refused: no such image"), sentences():
        engine.images.get("no-such:image")


def test_without_an_engine_its_script_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    left = home.folder / "docker.sock"  # by an engine that was killed
    with socket.socket(socket.AF_UNIX) as link:
        link.bind(str(left))
    for path in (left, home.folder / "none"):
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        with pytest.raises(StackError, match=r"No Docker engine .*scripts/docker-engine\.sh"):
            Engine(home.folder)


def test_a_program_of_a_wheel_is_on_the_path_of_its_image() -> None:
    store = Store(Path("/run/x"), 12001).command()
    assert containers.argv_in_image(store) == ("valkey-server", "/run/x/store.conf")
