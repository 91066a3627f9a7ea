"""The embedded provider as users meet it. The stack itself is tested with its own rooms."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from booth.processes import alive, all_end, descendants, wait_until
from booth.suite import HEAD, Suite

from l7audit import journal as journals
from l7audit.errors import ProviderError
from l7audit.journal import CheckStarted
from l7audit.model import Capability, Target
from l7audit.profile import Profile
from l7audit_plugins.providers.embedded import Embedded

Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Starts `l7audit run` with a tiny suite against the embedded stack."""
    started: list[subprocess.Popen[str]] = []
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump({"target": {"provider": "embedded"}}))

    def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "l7audit", "run", "--profile", "tiny.yaml", *arguments],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(tmp_path / "site")} | environment,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def taken_ports() -> Iterator[None]:
    """Somebody listens on the first port of every block that the stack may choose."""
    sockets = [socket.socket() for _ in range(200)]
    for number, each in enumerate(sockets):
        with suppress(OSError):  # another stack on this machine has it
            each.bind(("127.0.0.1", 12_000 + 100 * number))
            each.listen()
    yield
    for each in sockets:
        each.close()


SERVES = """\
surface = check.surface(Kind.PUBLIC_READ)
check.witness("It answers", lambda: check.send(surface.request()))
answer = check.send(surface.request())
check.expect(answer.ok, surface.place(), "It does not answer", answer)
"""


@pytest.mark.early
@pytest.mark.usefixtures("taken_ports")
def test_two_runs_live_side_by_side_and_kill_9_of_one_leaves_no_process_of_its_own(
    run: Run, make_suite: Callable[..., Suite], tmp_path: Path
) -> None:
    make_suite({"AA-01": "time.sleep(600)", "BB-01": SERVES}, head=HEAD)
    first = run("--select", "AA", "--out", "first")
    second = run("--select", "BB", "--out", "second")

    def hangs() -> bool:
        return any(
            list(journals.of_type(journals.read(j), CheckStarted))
            for j in tmp_path.glob("first/2*/journal.jsonl")
            if j.stat().st_size
        )

    assert wait_until(lambda: hangs() or first.poll() is not None, 60)
    processes = descendants(first.pid)
    assert len(processes) > 10
    first.kill()
    assert all_end(processes)
    out, err = second.communicate(timeout=60)
    assert (second.returncode, err) == (0, ""), out + err
    third = run("--select", "BB", "--out", "third")
    out, err = third.communicate(timeout=60)
    assert (third.returncode, err) == (0, ""), out + err
    (results,) = tmp_path.glob("third/2*/results.json")
    told = json.loads(results.read_text())
    assert (told["provider"], told["versions"]["postgres"][:3]) == ("embedded", "18.")
    assert list(results.parent.glob("stack/logs/*"))
    assert not [pid for pid in processes if alive(pid)]


def test_a_component_that_cannot_start_shows_its_last_log_lines_in_one_error(
    run: Run, make_suite: Callable[..., Suite], tmp_path: Path
) -> None:
    make_suite({"AA-01": SERVES})
    damaged = tmp_path / "cache" / "l7audit" / "random-1.gguf"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"no model")
    process = run("--select", "AA", XDG_CACHE_HOME=str(tmp_path / "cache"))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 3, out
    assert err.startswith("l7audit: llm did not start: it ended with")
    assert "random-1.gguf can't be served" in err
    assert "Traceback" not in err
    assert err.count("l7audit: ") == 1
    assert not list(tmp_path.glob("l7audit-out/*/results.json"))


def test_a_part_that_is_not_installed_is_named_with_its_mend(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Embedded, "parts", {"asyncpg": "there", "no-such-part": "a thing"})
    provider = Embedded()
    told = {d.subject: (d.fine, d.sentence, d.mend) for d in provider.diagnose()}
    assert told == {
        "embedded: asyncpg": (True, "there is installed", ""),
        "embedded: no-such-part": (
            False, "a thing is not installed", "pip install 'l7audit[stack]'",
        ),
    }  # fmt: skip
    profile = Profile()
    for opened in (
        provider.open(profile, tmp_path, lambda _: None),
        provider.open_lab(profile, tmp_path, lambda _: None, 2),
    ):
        with pytest.raises(ProviderError, match=r"needs no-such-part, .*l7audit\[stack\]"), opened:
            pass
    assert list(tmp_path.iterdir()) == []


def test_everything_is_installed_where_these_tests_run() -> None:
    assert all(d.fine and not d.mend for d in Embedded().diagnose())


def test_where_no_stack_stands_there_is_nothing_to_stop_or_show(tmp_path: Path) -> None:
    assert Embedded().standing(tmp_path) is None
    assert Embedded().down(tmp_path) is False


def test_a_run_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "stack").write_text("a file")
    with (
        pytest.raises(ProviderError, match="The system refused"),
        Embedded().open(Profile(), tmp_path, lambda _: None),
    ):
        pass


@pytest.mark.early
def test_a_target_has_all_that_the_suites_ask_for(tmp_path: Path) -> None:
    said: list[str] = []
    with Embedded().open(Profile(), tmp_path, said.append) as target:
        assert isinstance(target, Target)
        assert {Capability.MINT, Capability.REPLICAS, Capability.FAULTS} <= {*target.capabilities}
        assert {target.base_url, *target.replicas} == {*target.origins}
        assert len(target.replicas) == 2
        assert [c.url for c in target.components] == target.replicas
        assert Path(target.ca_file).is_file()
        assert target.mint is not None
        assert "PRIVATE KEY" in target.mint.private_key
        roles = {i.name: i.role for i in target.identities}
        assert (roles["alice"], roles["root-operator"]) == ("admin", "operator")
        limited = [i for i in target.identities if "limited" in i.tags]
        assert len(limited) >= 4
        assert all(i.credential("api_key") for i in limited)
        assert any("PostgreSQL" in s or "postgres" in s for s in said)
        found = Embedded().standing(tmp_path / "stack")
        assert found is not None
        assert found[0].base_url == target.base_url
        assert {state for _, state in found[1]} == {"ready"}
    assert Embedded().standing(tmp_path / "stack") is None
