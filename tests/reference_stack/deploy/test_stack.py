"""A whole stack, commanded as a provider does."""

from __future__ import annotations

import asyncio
import pickle
import ssl
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from l7audit_stack.deploy.ports import is_free
from l7audit_stack.deploy.probes import redis_calls
from l7audit_stack.deploy.stack import Address, Stack, StackError
from l7audit_stack.deploy.topology import reference_topology
from l7audit_stack.deploy.waiting import wait_until

READY = "/health/ready"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    said: list[str] = []
    with Stack.start(tmp_path_factory.mktemp("run"), progress=said.append) as started:
        assert said[-1].startswith("edge is ready")
        yield started


@pytest.fixture
def lane(stack: Stack) -> Iterator[int]:
    number = stack.open_lane()
    yield number
    stack.close_lane(number)


def _client(address: Address) -> httpx.Client:
    tls = ssl.create_default_context(cafile=str(address.ca_file))
    return httpx.Client(base_url=address.base_url, verify=tls, timeout=10)


def _get(address: Address, path: str = READY, **headers: str) -> httpx.Response:
    with _client(address) as client:
        return client.get(path, headers=headers)


def _sql(address: Address, statement: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(address.database_url, timeout=5)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def _store(address: Address, *call: str) -> str:
    url = httpx.URL(address.store_url)
    database = ("SELECT", url.path.strip("/"))
    return asyncio.run(redis_calls(url.port or 0, url.password, database, call))[-1]


def _state(stack: Stack, name: str) -> str:
    return next(part.state for part in stack.status() if part.name == name)


def test_the_edge_and_each_replica_serve(stack: Stack) -> None:
    address = stack.address()
    assert _get(address).status_code == 200
    assert len(address.replicas) == 2
    for replica in address.replicas:
        assert httpx.get(f"{replica}{READY}").status_code == 200
    assert httpx.URL(address.openapi_url).host == "127.0.0.1"
    assert "paths" in _get(address, httpx.URL(address.openapi_url).path).json()


def test_every_standing_part_of_the_topology_is_ready(stack: Stack) -> None:
    standing = {
        name for part in reference_topology() if not part.kind.one_shot for name in part.instances()
    }
    states = {part.name: part.state for part in stack.status() if "lane-" not in part.name}
    assert states == dict.fromkeys(standing, "ready")


def test_seeded_identities_get_in_and_strangers_do_not(stack: Stack) -> None:
    address = stack.address()
    alice = next(one for one in address.identities if one["name"] == "alice")
    assert _get(address, "/v1/me", **{"X-API-Key": alice["api_key"]}).status_code == 200
    assert _get(address, "/v1/me").status_code == 401


def test_a_killed_replica_is_balanced_away_and_comes_back(stack: Stack) -> None:
    address = stack.address()
    stack.kill("api-1")
    assert _state(stack, "api-1") == "stopped"
    with _client(address) as client:
        assert {client.get(READY).status_code for _ in range(20)} == {200}
    stack.restart("api-1")
    assert _state(stack, "api-1") == "ready"
    assert httpx.get(f"{address.replicas[0]}{READY}").status_code == 200


def test_a_paused_component_is_silent_until_it_is_resumed(stack: Stack) -> None:
    replica = stack.address().replicas[1]
    stack.pause("api-2")
    assert _state(stack, "api-2") == "paused"
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{replica}{READY}", timeout=0.3)
    stack.resume("api-2")
    assert httpx.get(f"{replica}{READY}").status_code == 200


def test_the_api_finds_its_database_again_after_a_restart(stack: Stack) -> None:
    stack.restart("postgres")
    address = stack.address()
    assert wait_until(lambda: _get(address).status_code == 200, 10)


def test_other_processes_can_command_it(stack: Stack) -> None:
    other = pickle.loads(pickle.dumps(stack))
    assert other.address() == stack.address()
    assert Stack.attach(stack.run_dir).versions()["postgres"].startswith("18.")
    assert "listening on" in other.logs("llm")


def test_wrong_commands_are_answered_with_what_there_is(stack: Stack) -> None:
    with pytest.raises(StackError, match=r"no component 'api-9': choose from .*api-1"):
        stack.kill("api-9")
    with pytest.raises(StackError, match="no lane 77: open are 0"):
        stack.address(77)
    with pytest.raises(StackError, match="no log 'nothing'"):
        stack.logs("nothing")
    with pytest.raises(StackError, match="Lane 0 is the stack itself"):
        stack.close_lane(0)
    with pytest.raises(StackError, match="at least one API replica"):
        stack.open_lane(replicas=0)
    with pytest.raises(StackError, match="already: stop it first"):
        Stack.start(stack.run_dir)


def test_logs_hold_no_credentials(stack: Stack) -> None:
    address = stack.address()
    secrets = [httpx.URL(address.database_url).password, httpx.URL(address.store_url).password]
    for identity in address.identities:
        secrets += [identity[k] for k in ("api_key", "password", "client_secret") if k in identity]
    for log in (stack.run_dir / "logs").glob("*"):
        text = log.read_text(errors="replace")
        assert not any(secret and secret in text for secret in secrets), log.name


def test_a_variant_changes_one_lane_and_a_clean_one_changes_it_back(
    stack: Stack, lane: int
) -> None:
    assert "server" not in _get(stack.address(lane)).headers
    weak = stack.variant(lane, ["edge.banner"])
    assert weak.defects == ("edge.banner",)
    assert _get(weak).headers["server"] == "envoy"
    assert "server" not in _get(stack.address()).headers
    clean = stack.variant(lane)
    assert "server" not in _get(clean).headers
    assert clean.base_url == weak.base_url


def test_an_unknown_defect_is_refused_and_the_lane_serves_on(stack: Stack, lane: int) -> None:
    with pytest.raises(StackError, match=r"no planted defect 'edge\.baner': did you mean"):
        stack.variant(lane, ["edge.baner"])
    assert _get(stack.address(lane)).status_code == 200


def test_lanes_share_identities_and_nothing_else(stack: Stack, lane: int) -> None:
    ours, theirs = stack.address(lane), stack.address()
    assert ours.identities == theirs.identities
    alice = next(one for one in ours.identities if one["name"] == "alice")
    assert _get(ours, "/v1/me", **{"X-API-Key": alice["api_key"]}).status_code == 200

    _sql(ours, "CREATE TABLE marker (x int)")
    assert _sql(theirs, "SELECT to_regclass('marker')") is None
    _store(ours, "SET", "marker", "1")
    assert _store(theirs, "EXISTS", "marker") == ":0"
    (ours.secrets_dir / "marker").touch()
    assert not (theirs.secrets_dir / "marker").exists()
    assert ours.files_dir != theirs.files_dir


def test_a_variant_empties_the_store_and_on_demand_the_database(stack: Stack, lane: int) -> None:
    address = stack.address(lane)
    _store(address, "SET", "penalty", "1")
    _sql(address, "CREATE TABLE marker (x int)")
    stack.variant(lane)
    assert _store(address, "EXISTS", "penalty") == ":0"
    assert _sql(address, "SELECT to_regclass('marker')::text") == "marker"
    stack.variant(lane, fresh_data=True)
    assert _sql(address, "SELECT to_regclass('marker')") is None
    assert _get(address).status_code == 200


def test_a_closed_lane_leaves_nothing(stack: Stack) -> None:
    number = stack.open_lane(replicas=2)
    address = stack.address(number)
    assert len(address.replicas) == 2
    stack.close_lane(number)
    assert not any(part.name.startswith(f"lane-{number}.") for part in stack.status())
    assert not address.secrets_dir.exists()
    assert all(is_free(httpx.URL(url).port or 0) for url in (address.base_url, *address.replicas))
    with pytest.raises(StackError, match=f"no lane {number}"):
        stack.variant(number)


def test_a_second_stack_lives_and_ends_beside_the_first(stack: Stack, tmp_path: Path) -> None:
    with Stack.start(tmp_path, replicas=1, defects=["edge.banner"]) as second:
        ours, theirs = second.address(), stack.address()
        assert _get(ours).headers["server"] == "envoy"
        assert ours.base_url != theirs.base_url
        assert len(ours.replicas) == 1
        with _client(theirs) as client, pytest.raises(httpx.ConnectError, match="CERTIFICATE"):
            client.get(f"{ours.base_url}{READY}")  # each has an authority of its own
        folder = ours.secrets_dir.parent.parent
    assert not folder.exists()
    assert _get(stack.address()).status_code == 200
