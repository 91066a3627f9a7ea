"""The program itself: help, exit codes, and errors that are sentences."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from l7audit.cli import main
from l7audit.cli.main import VERBS
from l7audit.errors import ProviderError, WaiverError
from l7audit.exits import Exit

Call = Callable[..., Any]


NESTED = ["controls list", "controls show", "controls reference"]
NESTED += ["waivers lint", "waivers add"]
NESTED += ["history import", "history forget", "history prune"]
NESTED += ["stack up", "stack down", "stack status", "stack backup", "stack restore"]


def command_of(verb: str) -> click.Command:
    command: click.Command = importlib.import_module(f"l7audit.cli.{verb}").command
    return command


def program(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", "from l7audit.cli.main import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **more,
    )


@pytest.mark.parametrize("name", [*VERBS, *NESTED])
def test_the_help_of_each_verb_carries_an_example(name: str, call: Call) -> None:
    said = call(*name.split(), "--help")
    assert said.code == 0
    assert re.search(rf"Examples?:\n\s+l7audit {name}", said.out)
    assert said.err == ""


def test_the_verbs_of_verbs_are_all_tested() -> None:
    groups = {v: c for v in VERBS if isinstance(c := command_of(v), click.Group)}
    assert [f"{v} {sub}" for v, group in groups.items() for sub in group.commands] == NESTED


@pytest.mark.parametrize("name", VERBS)
def test_a_verbs_summary_is_the_same_in_both_helps(name: str) -> None:
    command = command_of(name)
    assert command.name == name
    assert (command.help or "").split()[:2] == VERBS[name].split()[:2]


def test_the_help_names_every_verb_and_every_exit_code(call: Call) -> None:
    said = call("--help")
    assert said.code == 0
    for verb in VERBS:
        assert re.search(rf"^  {verb}  ", said.out, re.MULTILINE)
    for code in Exit:
        assert re.search(rf"\b{int(code)} [a-z]", said.out)


def test_the_help_imports_no_verb() -> None:
    code = (
        "import sys; from l7audit.cli.main import ending; ending(['--help']);"
        "sys.exit(sum(m in sys.modules for m in ('rich', 'httpx', 'yaml', 'pytest', 'jinja2')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_version_is_the_distributions(call: Call) -> None:
    said = call("--version")
    assert (said.code, said.out) == (0, f"l7audit {importlib.metadata.version('l7audit')}\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nope"], "No such command 'nope'"),
        (["run", "--nope"], "No such option"),
        (["run", "--seed", "x"], "'x' is not a valid integer"),
        (["run", "--jobs", "0"], "0 is not in the range"),
        (["controls", "show"], "Missing argument 'CONTROL'"),
        (["controls", "show", "NOPE-01"], "There is no control or area 'NOPE-01'"),
        (["run", "--profile", "nope.yaml"], "There is no profile 'nope.yaml'"),
        (["run", "--target", "nowhere"], "There is no provider 'nowhere'"),
        (["run", "--target", "localhost:80"], "neither a provider's name nor a URL"),
        (["run", "--target", "ftp://localhost"], "not an http or https URL"),
        (["run", "--select", "NOPE"], "There is no control or area 'NOPE'"),
        (["report", "nope.jsonl", "--format", "html"], "nope.jsonl cannot be read"),
        (["stack", "status", "--target", "external"], "no stack that can be left running"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_on_stderr(
    call: Call,
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    said = call(*arguments)
    assert said.out == ""
    assert sentence in said.err
    assert said.err.startswith("l7audit: ")
    assert said.err.count("\n") == 1
    assert said.code in (Exit.USAGE, Exit.INTERNAL)
    assert arguments[0] == "report" or said.code == Exit.USAGE


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ProviderError("It is gone.", mend="Start it."), Exit.INTERNAL),
        (WaiverError("It expired."), Exit.WAIVERS),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
        (click.Abort(), Exit.INTERRUPTED),
    ],
    ids=lambda v: type(v).__name__,
)
def test_an_error_gives_its_own_exit_code(
    call: Call, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: Exit
) -> None:
    monkeypatch.setattr(main.verbs, "main", _raising(error))
    said = call("run")
    assert (said.code, said.out, said.err.count("\n")) == (code, "", 1)


def _raising(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_an_unexpected_error_is_logged_whole_and_said_in_one_sentence(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(main.verbs, "main", _raising(ValueError("a\nb \x1b[31m")))
    said = call("run")
    assert (said.code, said.out) == (Exit.INTERNAL, "")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    assert "\x1b" not in said.err
    (log,) = tmp_path.iterdir()
    assert str(log) in said.err
    assert "Traceback" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("status", [0, None, 1])
def test_a_plugin_that_ends_the_process_does_not_choose_its_exit_code(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int | None
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(main.verbs, "main", _raising(SystemExit(status)))
    said = call("run")
    assert said.code == Exit.INTERNAL
    assert f"SystemExit: {status}" in said.err


def test_a_crash_log_that_cannot_be_kept_is_said_too(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    monkeypatch.setattr(main.verbs, "main", _raising(ValueError("x")))
    said = call("run")
    assert said.code == Exit.INTERNAL
    assert "ValueError: x" in said.err
    assert "could not be kept: No such file or directory" in said.err


def test_a_reader_that_leaves_changes_neither_the_exit_code_nor_stderr() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-c", "from l7audit.cli.main import main; main()", "controls", "list"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_stdout_or_stderr_is_no_error() -> None:
    for closed in (1, 2):
        done = subprocess.run(
            ["sh", "-c", f'exec "$0" -m l7audit controls list {closed}>&-', sys.executable],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0
        assert done.stderr == ""
        assert bool(done.stdout) is (closed == 2)


def test_any_character_can_be_written_whatever_the_encoding() -> None:
    code = (
        "from l7audit.cli.main import main; import l7audit.cli.main as m;"
        "m.verbs.main = lambda *a, **k: m.click.echo('\\u2028\\U0001f600'); main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_one_sentence_and_exit_2(number: signal.Signals) -> None:
    code = (
        "import sys, time, l7audit.cli.main as m\n"
        "def wait(*a, **k):\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(30)\n"
        "m.verbs.main = wait\n"
        "m.main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (Exit.INTERRUPTED, "l7audit: Interrupted.\n")


@pytest.mark.parametrize(
    ("shell", "word"), [("bash", "complete"), ("zsh", "#compdef"), ("fish", "complete")]
)
def test_each_shell_gets_its_completion_script(call: Call, shell: str, word: str) -> None:
    said = call("completion", shell)
    assert said.code == 0
    assert word in said.out
    assert "_L7AUDIT_COMPLETE" in said.out


def test_completion_offers_verbs_and_options() -> None:
    for words, expected in (("l7audit r", "plain,run"), ("l7audit plugins --b", "--built-in")):
        done = program(
            env={
                **os.environ,
                "_L7AUDIT_COMPLETE": "bash_complete",
                "COMP_WORDS": words,
                "COMP_CWORD": str(words.count(" ")),
            }
        )
        assert expected in done.stdout
