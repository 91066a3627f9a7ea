"""`l7audit bundle` and `l7audit verify`, as a shell calls them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from l7audit import folders
from l7audit.exits import Exit
from l7audit.journal import Journal
from l7audit.model import Verdict

Call = Callable[..., Any]


@pytest.fixture
def folder(story: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> Path:
    """The folder of a finished and rendered run, the newest of `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "l7audit-out" / "20260101T000000Z"
    folder.mkdir(parents=True)
    (tmp_path / "l7audit-out" / "latest").symlink_to(folder.name)
    with Journal(folder / folders.JOURNAL) as journal:
        for record in story({"AA-01": Verdict.PASS, "AA-02": Verdict.FAIL}).records():
            journal.append(record)
    assert call("report", "-q").code == Exit.FAILED
    return folder


def test_the_newest_run_is_bundled_and_verified(call: Call, folder: Path) -> None:
    made = call("bundle")
    assert made.code == Exit.PASSED
    path = folder.with_name("20260101T000000Z.l7audit.zip")
    assert made.out.startswith(f"Bundle     {path} (4 files, ")
    for arguments in (("verify",), ("verify", str(path))):
        said = call(*arguments)
        assert (said.code, said.err) == (Exit.PASSED, "")
        assert (
            "Run        r1 of https://127.0.0.1:8443\nJournal    15 records, 3 files\n" in said.out
        )
        assert "Reports    report.html, results.json: as the journal gives them" in said.out
        assert "VERIFIED   It shows that nothing was changed since the manifest" in said.out
        assert "not who wrote it: there is no signature." in said.out


@pytest.mark.usefixtures("folder")
def test_a_run_is_signed_and_its_key_demanded(call: Call) -> None:
    made = call("bundle", "--new-key", "audit.key")
    fingerprint = made.out.split()[-1]
    assert "Public half  audit.key.pub: hand it out" in made.out
    done = call("bundle", "--sign", "audit.key", "--out", "e.zip")
    assert f"Signature  {fingerprint}\n" in done.out
    said = call("verify", "e.zip", "--key", "audit.key.pub")
    assert said.code == Exit.PASSED
    assert "Nothing was changed since the owner of audit.key.pub signed it." in said.out
    said = call("verify", "e.zip")
    assert said.code == Exit.PASSED
    assert "compare its fingerprint with the one you were given" in said.out
    call("bundle", "--new-key", "other.key")
    said = call("verify", "e.zip", "--key", "other.key.pub")
    assert said.code == Exit.UNTRUSTED
    assert f"TAMPERED   It was signed by another key: {fingerprint}." in said.out
    said = call("verify", "--key", "audit.key.pub")
    assert said.code == Exit.UNTRUSTED
    assert "TAMPERED   It is not signed" in said.out


def test_what_was_tampered_with_is_told_and_neither_verified_nor_bundled(
    call: Call, folder: Path
) -> None:
    journal = folder / folders.JOURNAL
    journal.write_bytes(journal.read_bytes().replace(b'"verdict":"fail"', b'"verdict":"pass"'))
    said = call("verify")
    assert (said.code, said.err) == (Exit.UNTRUSTED, "")
    assert "TAMPERED   journal.jsonl: Record 14 (check_end of AA-02::two) was changed." in said.out
    said = call("bundle")
    assert said.code == Exit.USAGE
    assert said.err.count("\n") == 1
    assert "was changed. l7audit verify" in said.err
    said = call("report")
    assert said.code == Exit.UNTRUSTED
    assert "lines 14 and 15 do not belong together" in said.err


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("verify", "missing.zip"), "missing.zip cannot be read: No such file"),
        (("verify", "story.txt"), "story.txt is no bundle of l7audit. Make one"),
        (("verify", "empty"), "empty holds no manifest.json"),
        (("verify", "--key", "story.txt"), "story.txt holds no public key in PEM form."),
        (("bundle", "missing"), "missing is no run's folder. Name one"),
        (("bundle", "empty"), "empty holds no manifest.json"),
        (("bundle", "--sign", "missing"), "missing cannot be read: No such file"),
        (("bundle", "--new-key", "k", "--sign", "k"), "--new-key only makes a key."),
    ],
)
def test_bad_input_is_one_sentence_of_usage(
    call: Call, arguments: tuple[str, ...], wanted: str
) -> None:
    Path("story.txt").write_text("once upon a time")
    Path("story.txt").chmod(0o600)
    Path("empty").mkdir()
    said = call(*arguments)
    assert (said.code, said.out) == (Exit.USAGE, "")
    assert said.err.count("\n") == 1
    assert wanted in said.err
