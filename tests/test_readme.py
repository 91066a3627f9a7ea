"""The README: every command is run, every example is valid, every table is true."""

from __future__ import annotations

import http.server
import json
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from l7audit import plugins
from l7audit import profile as profiles
from l7audit.cli.main import ending, verbs
from l7audit.exits import Exit
from l7audit_plugins.reporters import browser

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    command.split("#")[0].strip()
    for language, text in BLOCKS
    if language == "sh"
    for command in text.splitlines()
]
OURS = [c for c in COMMANDS if c.startswith("l7audit ")]
HARMLESS = [c for c in OURS if c.split()[1] in ("controls", "plugins", "doctor")]
(PROFILE,) = [text for language, text in BLOCKS if language == "yaml"]


def test_it_opens_with_what_it_does_and_the_two_commands() -> None:
    assert COMMANDS[:2] == ["make audit", "make test"]
    assert README.index("make audit") < 1000


def test_every_command_is_one_that_is_tested_here() -> None:
    known = ("l7audit ", "make ", "pip install ", "pytest --pyargs ", "scripts/")
    assert [c for c in COMMANDS if not c.startswith(known)] == []
    assert len(OURS) > 8


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_every_make_target_exists(command: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", *shlex.split(command)[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("scripts/")])
def test_every_script_can_be_run(command: str) -> None:
    script = ROOT / command
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


@pytest.mark.parametrize("command", OURS)
def test_every_command_line_is_one_that_the_program_accepts(command: str) -> None:
    words = shlex.split(command)[1:]
    found: click.Command | None = verbs
    while isinstance(found, click.Group) and words:
        found = found.get_command(click.Context(found), words.pop(0))
    assert found is not None
    found.make_context("l7audit", words)  # raises for what it does not know


@pytest.mark.parametrize("command", HARMLESS)
def test_the_commands_that_only_look_succeed(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ending(shlex.split(command)[1:]) == Exit.PASSED
    captured = capsys.readouterr()
    assert captured.out
    assert captured.err == ""


def test_the_packages_that_pytest_is_pointed_at_exist() -> None:
    (command,) = [c for c in COMMANDS if c.startswith("pytest ")]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            *shlex.split(command),
            "--collect-only",
            "-q",
            "-p",
            "no:cacheprovider",
        ],
        cwd=ROOT.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"::test_", done.stdout)


def test_the_table_of_exit_codes_is_the_enumeration() -> None:
    table = dict(re.findall(r"^\| (\d) \| (.+) \|$", README, re.MULTILINE))
    assert list(table) == [str(int(code)) for code in Exit]


def test_every_link_leads_to_a_file() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert "://" in link or (ROOT / link).is_file(), link


def test_the_example_profile_is_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALICE_API_KEY", "k-1")
    profile = profiles.parse(PROFILE, source="l7audit.yaml")
    assert profile.target.provider == "external"
    assert profile.target.identities[0].credentials[0].secret == "k-1"


class OwnApi(http.server.BaseHTTPRequestHandler):
    """Somebody's API: one protected list, and the document that describes it."""

    protocol_version = "HTTP/1.1"
    document = json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "Pets", "version": "1"},
            "components": {
                "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
            },
            "paths": {
                "/pets": {
                    "get": {
                        "security": [{"key": []}],
                        "responses": {"200": {"description": "All pets."}},
                    }
                }
            },
        }
    ).encode()

    def do_GET(self) -> None:
        if self.path == "/openapi.json":
            self._answer(200, self.document)
        elif self.headers.get("X-API-Key") == "k-1":
            self._answer(200, b"[]")
        else:
            self._answer(401, b"{}")

    def _answer(self, status: int, body: bytes) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Stays quiet."""


for _method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
    setattr(OwnApi, f"do_{_method}", OwnApi.do_GET)


@pytest.fixture
def own_api() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), OwnApi) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_example_audits_ones_own_api_and_leaves_the_files_that_are_listed(
    own_api: str, tmp_path: Path
) -> None:
    text = PROFILE.replace("https://api.example.org", own_api)
    (tmp_path / "l7audit.yaml").write_text(text + "select: [HEAD]\n", encoding="utf-8")
    (command,) = [c for c in OURS if c.endswith("--profile l7audit.yaml")]

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).parent / "l7audit", *words],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "ALICE_API_KEY": "k-1", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    done = call(*shlex.split(command)[1:])
    assert done.returncode in (Exit.PASSED, Exit.FAILED, Exit.UNTRUSTED), done.stderr
    assert done.stderr == ""
    assert "Gate  " in done.stdout
    latest = tmp_path / "l7audit-out" / "latest"
    listed = re.findall(r"^\| `(\w+\.\w+)` \|", README, re.MULTILINE)
    assert listed == ["journal.jsonl", "results.json", "report.html", "manifest.json"]
    for name in listed:
        assert (latest / name).stat().st_size > 0
    assert "k-1" not in (latest / "journal.jsonl").read_text(encoding="utf-8").split()
    formats = dict(re.findall(r"^\| `(\w+)` \| `([\w.]+)` \|", README, re.MULTILINE))
    on_demand = [r for r in plugins.load(third_party=False).reporters.values() if not r.by_default]
    assert sorted(formats) == [r.name for r in on_demand]
    if not browser.found():  # what is said then has a test of its own
        del formats["pdf"]
    done = call("report", str(latest), "--format", ",".join(formats), "--out", "more")
    assert done.stderr == ""
    assert {p.name for p in (tmp_path / "more").iterdir()} == set(formats.values())


INITS = [c for c in OURS if c.startswith("l7audit init ") and "http://127.0.0.1:8000" in c]


@pytest.mark.parametrize("command", INITS)
def test_a_newcomer_s_commands_write_a_profile_that_runs(
    command: str, own_api: str, tmp_path: Path
) -> None:
    def call(words: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).parent / "l7audit", *words],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "ALICE": "a-secret-word", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    words = shlex.split(command.replace("http://127.0.0.1:8000", own_api))[1:]
    done = call(words)
    if "--register" in words:  # this API has no registration, and that is said
        assert done.returncode == Exit.USAGE
        assert "No operation is known by which a user can be registered." in done.stderr
        return
    assert done.returncode == Exit.PASSED, done.stderr
    assert profiles.load(folder=tmp_path, secrets=False).target.url == own_api
    done = call(["run", "--select", "HEAD"])
    assert done.returncode == Exit.NOTHING_ASSESSED, done.stderr  # nobody is let in, all is guarded
    assert "Gate  " in done.stdout


def test_there_are_commands_for_a_newcomer() -> None:
    assert len(INITS) == 3
    assert "l7audit run --target http://127.0.0.1:8000" in OURS
