"""The smaller verbs: controls, plugins, doctor and stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from l7audit import plugins as all_plugins
from l7audit.cli import controls
from l7audit.errors import ProviderError
from l7audit.exits import Exit
from l7audit.hookspecs import Diagnosis, Progress, StandingProvider, hookimpl
from l7audit.model import Backup, Credential, Identity, Moment, Restored, Target
from l7audit.profile import Profile
from l7audit_plugins.scanners import MEND
from l7audit_plugins.scanners.bandit import Bandit

Call = Callable[..., Any]


class Pretended(StandingProvider):
    """A stack that is only a file; what it says of this machine can be set."""

    name = "pretended"
    diagnoses: Sequence[Diagnosis] | Exception = ()

    def __init__(self) -> None:
        self.taken: list[Backup] = []
        self.points: list[str] = []
        self.restored: list[Moment] = []

    @contextmanager
    def open(self, profile: Profile, folder: Path, progress: Progress) -> Iterator[Target]:
        yield _target()

    def up(self, folder: Path, progress: Progress) -> Target:
        progress("pretending")
        folder.mkdir(parents=True)
        return _target()

    def down(self, folder: Path) -> bool:
        there = folder.is_dir()
        if there:
            folder.rmdir()
        return there

    def standing(self, folder: Path) -> tuple[Target, Sequence[tuple[str, str]]] | None:
        return (_target(), [("postgres", "running"), ("edge", "dead")]) if folder.is_dir() else None

    def back_up(self, folder: Path) -> Backup:
        self.taken.append(_backup(f"b{len(self.taken) + 1}"))
        return self.taken[-1]

    def backups(self, folder: Path) -> Sequence[Backup]:
        return self.taken[::-1]

    def name_point(self, folder: Path, name: str) -> None:
        self.points.append(name)

    def plan_restore(self, folder: Path, to: Moment) -> Backup:
        return _backup(to.backup or "b1")

    def restore(self, folder: Path, to: Moment) -> Restored:
        self.restored.append(to)
        return Restored(url="postgresql://u:p@127.0.0.1:1/d", backup="b1", segments=3)

    def drop_restored(self, folder: Path) -> None:
        self.restored.clear()

    def verify_backup(self, folder: Path, backup: str) -> Backup:
        return next(one for one in self.taken if one.id == backup)

    def diagnose(self) -> Sequence[Diagnosis]:
        if isinstance(self.diagnoses, Exception):
            raise self.diagnoses
        return self.diagnoses

    @hookimpl
    def l7audit_register_provider(self) -> StandingProvider:
        return self


def _target() -> Target:
    key = Credential(kind="api_key", name="X-API-Key", secret="demo-key-1")
    return Target(
        name="t",
        provider="pretended",
        base_url="https://127.0.0.1:8443",
        replicas=["http://127.0.0.1:9001"],
        ca_file="/run/ca.pem",
        capabilities=[],
        identities=[
            Identity(name="alice", role="admin", tenant="acme", credentials=[key]),
            Identity(name="small-1", tags=["limited"], credentials=[key]),
        ],
    )


def _backup(name: str, trouble: str = "") -> Backup:
    return Backup(
        id=name,
        folder=f"/backups/{name}",
        seconds=0.42,
        server="PostgreSQL 18.6",
        sealed_size=42_300_000,
        sha256="ab" * 32,
        key="k1",
        end_lsn="0/B120",
        wal="/backups/wal",
        archived_to="0/C000",
        archived_at="2026-11-28T14:00:00.5Z",
        trouble=trouble,
    )


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pretended:
    """The provider, installed as any third party's."""
    monkeypatch.chdir(tmp_path)
    provider = Pretended()
    load = all_plugins.load
    monkeypatch.setattr(all_plugins, "load", lambda **more: load(**{**more, "extra": [provider]}))
    return provider


def test_controls_list_is_a_line_a_control(call: Call) -> None:
    catalogue = controls.load()
    lines = call("controls", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == [c.id for c in catalogue.controls]
    assert lines[0].endswith(catalogue.controls[0].title)


def test_controls_list_can_be_narrowed(call: Call) -> None:
    area = controls.load().controls[0].area
    lines = call("controls", "list", "--select", area.lower()).out.splitlines()
    assert lines
    assert all(line.startswith(f"{area}-") for line in lines)


def test_controls_show_says_all_there_is_of_one(call: Call) -> None:
    control = controls.load().controls[0]
    out = call("controls", "show", control.id.lower()).out
    assert out.startswith(f"{control.id}  {control.title}\n")
    for wanted in ("severity", "why", "mend", "checks", *control.defects, *control.mappings):
        assert wanted in out


def test_the_committed_reference_is_what_the_catalogue_says(call: Call) -> None:
    page = Path(__file__).parents[2] / "docs" / "controls.md"
    assert page.read_text(encoding="utf-8") == call("controls", "reference").out, "run: make docs"


def test_plugins_lists_what_is_offered_and_by_whom(call: Call, pretended: Pretended) -> None:
    out = call("plugins").out
    assert pretended.name in out
    for noun, name in (("provider", "external"), ("reporter", "json"), ("suite", "l7audit_suites")):
        assert any(line.split()[:2] == [noun, name] for line in out.splitlines())


def test_doctor_says_the_mend_of_what_is_not_fine(call: Call, pretended: Pretended) -> None:
    pretended.diagnoses = [
        Diagnosis("PostgreSQL", True, "It is installed."),
        Diagnosis("edge", False, "It is missing.", "Install it."),
    ]
    said = call("doctor")
    assert said.code == Exit.PASSED
    assert "  yes  PostgreSQL: It is installed.\n" in said.out
    assert "  no   edge: It is missing.\n       Install it.\n" in said.out
    assert call("doctor", "--target", "pretended").code == Exit.INTERNAL


def test_doctor_is_content_where_the_named_provider_is_fine(
    call: Call, pretended: Pretended
) -> None:
    said = call("doctor", "--target", pretended.name)
    assert said.code == Exit.PASSED
    assert "pretended\n  yes  machine: It needs nothing of this machine." in said.out
    assert "external" not in said.out


def test_doctor_names_the_scanners_and_how_to_get_one_that_is_missing(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bandit, "distribution", "no-such-distribution")
    out = call("doctor").out
    assert f"  no   bandit: It is not installed; its controls are left out.\n       {MEND}\n" in out
    assert f"  yes  pip-audit: version {metadata.version('pip-audit')}.\n" in out


def test_doctor_survives_a_provider_that_breaks(call: Call, pretended: Pretended) -> None:
    pretended.diagnoses = RuntimeError("boom")
    said = call("doctor", "--target", "pretended")
    assert said.code == Exit.INTERNAL
    assert "no   plugin: It broke: RuntimeError: boom." in said.out


def test_a_stack_is_started_shown_and_stopped(call: Call, pretended: Pretended) -> None:
    chosen = ("--target", pretended.name)
    started = call("stack", "up", *chosen)
    assert started.code == Exit.PASSED
    for shown in ("https://127.0.0.1:8443", "http://127.0.0.1:9001", "/run/ca.pem", "demo-key-1"):
        assert shown in started.out
    assert "and 1 with small quotas" in started.out
    assert "small-1" not in started.out
    assert started.out.splitlines()[0] == "pretending"
    assert started.out.splitlines()[-1].startswith("Stop it with: l7audit stack down")

    status = call("stack", "status", *chosen)
    assert status.code == Exit.PASSED
    assert "postgres  running\nedge      dead\n" in status.out

    assert "The stack is stopped." in call("stack", "down", *chosen).out
    assert "No stack was running." in call("stack", "down", *chosen).out
    gone = call("stack", "status", *chosen)
    assert gone.code == Exit.FAILED
    assert "No stack is running." in gone.out


def test_a_backup_is_taken_listed_and_verified(call: Call, pretended: Pretended) -> None:
    chosen = ("--target", pretended.name)
    call("stack", "up", *chosen)
    none = call("stack", "backup", "--list", *chosen)
    assert (none.code, none.out) == (
        Exit.PASSED, "None was taken yet. Take one with: l7audit stack backup\n",
    )  # fmt: skip

    taken = call("stack", "backup", *chosen)
    assert (taken.code, taken.err) == (Exit.PASSED, "")
    for shown in (
        "b1",
        "/backups/b1",
        "PostgreSQL 18.6",
        "0/B120",
        "42.3 MB",
        "0.4 s",
        "/backups/wal",
    ):
        assert shown in taken.out
    assert taken.out.splitlines()[-1] == "Verify it with: l7audit stack backup --verify b1"

    call("stack", "backup", *chosen)
    listed = call("stack", "backup", "--list", *chosen)
    assert listed.code == Exit.PASSED
    assert [line.split()[0] for line in listed.out.splitlines()] == ["b2", "b1", "WAL"]
    assert "WAL is archived up to 0/C000, at 2026-11-28T14:00:00.5Z.\n" in listed.out
    assert "42.3 MB, PostgreSQL 18.6 up to 0/B120, key k1" in listed.out

    verified = call("stack", "backup", "--verify", "b1", *chosen)
    assert (verified.code, verified.out.split()[:2]) == (Exit.PASSED, ["VERIFIED", "b1:"])
    assert "without a gap up to 0/C000" in verified.out


def test_a_damaged_backup_is_exit_code_6(call: Call, pretended: Pretended) -> None:
    chosen = ("--target", pretended.name)
    call("stack", "up", *chosen)
    pretended.taken = [_backup("b1"), _backup("b2", "Its archive is gone.")]
    listed = call("stack", "backup", "--list", *chosen)
    assert (listed.code, listed.err) == (Exit.UNTRUSTED, "")
    assert "b2  DAMAGED: Its archive is gone.\n" in listed.out
    verified = call("stack", "backup", "--verify", "b2", *chosen)
    assert (verified.code, verified.err) == (Exit.UNTRUSTED, "")
    assert verified.out == "DAMAGED   b2: Its archive is gone.\n"


def test_a_restore_says_what_it_does_and_where_it_is(call: Call, pretended: Pretended) -> None:
    chosen = ("--target", pretended.name)
    call("stack", "up", *chosen)
    call("stack", "backup", "--point", "p1", *chosen)
    assert pretended.points == ["p1"]
    for more, to, told in (
        ((), Moment(), "the latest that is archived"),
        (("--to", "2026-11-28T14:05Z"), Moment(time="2026-11-28T14:05Z"), "the time 2026-11-28T14"),
        (("--to-name", "p1", "--backup", "b7"), Moment(point="p1", backup="b7"), "the point p1"),
    ):
        done = call("stack", "restore", *more, *chosen)
        assert (done.code, done.err, pretended.restored[-1]) == (Exit.PASSED, "", to)
        assert (
            f"Restoring {to.backup or 'b1'} and the WAL archived after it, up to {told}" in done.out
        )
        assert "postgresql://u:p@127.0.0.1:1/d" in done.out
    assert call("stack", "restore", "--drop", *chosen).code == Exit.PASSED
    assert pretended.restored == []


def test_a_restore_to_two_moments_is_refused(call: Call, pretended: Pretended) -> None:
    chosen = ("--target", pretended.name)
    call("stack", "up", *chosen)
    both = call("stack", "restore", "--to", "2026-11-28", "--to-name", "p1", *chosen)
    assert (both.code, both.out) == (Exit.USAGE, "")
    assert call("stack", "backup", "--list", "--point", "p", *chosen).code == Exit.USAGE


def test_what_no_backup_can_be_taken_of_is_a_sentence(call: Call, pretended: Pretended) -> None:
    chosen = ("--target", pretended.name)
    gone = call("stack", "backup", *chosen)
    assert (gone.code, gone.out) == (Exit.USAGE, "")
    assert gone.err == "l7audit: No stack is running. Start it with: l7audit stack up\n"
    call("stack", "up", *chosen)
    nothing = call("stack", "backup", "--verify", "b9", *chosen)
    assert nothing.code == Exit.USAGE
    assert "There is no backup 'b9'. None was taken yet." in nothing.err
    call("stack", "backup", *chosen)
    unknown = call("stack", "backup", "--verify", "b9", *chosen)
    assert unknown.code == Exit.USAGE
    assert "There is no backup 'b9'. There are b1." in unknown.err
    both = call("stack", "backup", "--list", "--verify", "b1", *chosen)
    assert (both.code, both.err) == (
        Exit.USAGE, "l7audit: Give one of --list, --verify and --point.\n",
    )  # fmt: skip


def test_a_stack_without_backups_says_so() -> None:
    class Bare(Pretended):
        back_up = StandingProvider.back_up
        backups = StandingProvider.backups
        verify_backup = StandingProvider.verify_backup

    bare = Bare()
    for ask in (
        lambda: bare.back_up(Path()),
        lambda: bare.backups(Path()),
        lambda: bare.verify_backup(Path(), "b1"),
    ):
        with pytest.raises(ProviderError, match="'pretended' takes no backups"):
            ask()
