"""Bundles are made of what verifies, always alike, and never over another file."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from l7audit.errors import UsageError
from l7audit.integrity import container
from l7audit.integrity.bundling import bundle
from l7audit.integrity.verifying import Rewrite, verify


def test_the_same_folder_gives_the_same_bytes(
    run: Path, packed: bytes, tmp_path: Path, rewrite: Rewrite
) -> None:
    elsewhere = Path(shutil.copytree(run, tmp_path / "elsewhere" / "run"))
    for folder in (run, elsewhere):
        made = bundle(folder, None, rewrite)
        assert made.path == folder.with_name(f"{folder.name}.l7audit.zip")
        assert made.path.read_bytes() == packed
        assert (made.files, made.size) == (6, len(packed))


def test_making_it_again_is_no_trouble_but_another_file_stays(run: Path, rewrite: Rewrite) -> None:
    first = bundle(run, None, rewrite)
    assert bundle(run, None, rewrite) == first
    first.path.write_text("my thesis")
    with pytest.raises(UsageError, match="exists already and is another file"):
        bundle(run, None, rewrite)
    assert first.path.read_text() == "my thesis"
    assert sorted(p.name for p in run.parent.iterdir()) == [run.name, first.path.name]


def test_an_unpacked_signed_bundle_packs_to_the_same_bytes(
    run: Path, tmp_path: Path, rewrite: Rewrite
) -> None:
    signed = bundle(run, tmp_path / "s.zip", rewrite, Ed25519PrivateKey.generate())
    with zipfile.ZipFile(signed.path) as archive:
        archive.extractall(tmp_path / "unpacked")
    again = bundle(tmp_path / "unpacked", tmp_path / "again.zip", rewrite)
    assert again.path.read_bytes() == signed.path.read_bytes()
    assert again.signer == signed.signer != ""


def test_what_was_tampered_with_is_not_bundled(run: Path, rewrite: Rewrite) -> None:
    (run / "proof.json").write_text("[]")
    with pytest.raises(UsageError, match=r"proof.json was changed\. .*l7audit verify"):
        bundle(run, None, rewrite)
    assert [p.name for p in run.parent.iterdir()] == [run.name]


def test_the_targets_own_files_stay_out(run: Path, rewrite: Rewrite) -> None:
    data = bundle(run, None, rewrite).path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert not any("stack" in name for name in archive.namelist())


def test_what_is_too_large_or_cannot_be_written_is_one_sentence(
    run: Path, tmp_path: Path, rewrite: Rewrite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"cannot be written: No such file.*--out"):
        bundle(run, tmp_path / "missing" / "b.zip", rewrite)
    monkeypatch.setattr(container, "LIMIT", 1000)
    with pytest.raises(UsageError, match="larger than the 4 GiB"):
        bundle(run, tmp_path / "b.zip", rewrite)
    assert not list(tmp_path.glob("*.zip*"))
    assert not list(tmp_path.glob(".b.zip*"))


def test_a_bundle_is_no_run_to_bundle(run: Path, rewrite: Rewrite) -> None:
    made = bundle(run, None, rewrite)
    assert verify(made.path, rewrite).troubles == ()
    with pytest.raises(UsageError, match="is no run's folder"):
        bundle(made.path, None, rewrite)
