"""A bundle and a run's folder: whatever is done to a byte, a file or a record of them is told."""

from __future__ import annotations

import hashlib
import io
import os
import random
import shutil
import stat
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from l7audit.errors import UsageError
from l7audit.folders import JOURNAL, MANIFEST
from l7audit.integrity import container, manifest
from l7audit.integrity.bundling import bundle
from l7audit.integrity.holdings import PUBLIC_KEY, SIGNATURE
from l7audit.integrity.verifying import Rewrite, Verified, verify
from l7audit.journal import Journal, RunEnded, read

Files = dict[str, bytes]
Seen = Callable[[bytes], Verified | UsageError]


@pytest.fixture
def seen(tmp_path: Path, rewrite: Rewrite) -> Seen:
    """What is said of these bytes as a bundle."""
    path = tmp_path / "b.zip"

    def look(data: bytes) -> Verified | UsageError:
        path.write_bytes(data)
        try:
            return verify(path, rewrite)
        except UsageError as error:
            return error

    return look


def detected(said: Verified | UsageError) -> bool:
    return isinstance(said, UsageError) or bool(said.troubles)


def troubles(said: Verified | UsageError) -> tuple[str, ...]:
    assert isinstance(said, Verified), said
    return said.troubles


def unpacked(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repacked(files: Files | Iterable[tuple[str, bytes]]) -> bytes:
    """A well-formed bundle of these files, in this order."""
    out = io.BytesIO()
    pairs = files.items() if isinstance(files, dict) else files
    container.pack(out, ((name, [data]) for name, data in pairs))
    return out.getvalue()


def remade(files: Files, **changes: Any) -> Files:
    """The files with a manifest that fits them, as somebody would make it who has no key."""
    found = manifest.decode(files[MANIFEST])
    old = found.by_name
    listed = []
    for name in sorted(files.keys() - {MANIFEST, SIGNATURE, PUBLIC_KEY}):
        data = files[name]
        file = old.get(name) or manifest.File(name=name, size=0, sha256="0" * 64)
        end = file.journal
        if manifest.is_journal(name):
            lines = data.splitlines()
            end = manifest.JournalEnd(
                records=len(lines), head=hashlib.sha256(lines[-1]).hexdigest()
            )
        listed.append(
            msgspec.structs.replace(
                file, size=len(data), sha256=hashlib.sha256(data).hexdigest(), journal=end
            )
        )
    made = msgspec.structs.replace(found, files=listed, **changes)
    return {**files, MANIFEST: manifest.encode(made)}


# --- a sound one -------------------------------------------------------------------------------


def test_a_bundle_that_nobody_touched_verifies(packed: bytes, seen: Seen) -> None:
    said = seen(packed)
    assert troubles(said) == ()
    assert isinstance(said, Verified)
    assert (said.signer, said.compared) == ("", ("results.json",))
    assert said.started is not None
    assert said.started.run == "r1"


def test_a_runs_folder_verifies_without_the_targets_own_files(run: Path, rewrite: Rewrite) -> None:
    found = verify(run, rewrite)
    assert found.troubles == ()
    assert found.manifest is not None
    assert [f.name for f in found.manifest.files] == [
        "checks.log",
        "journal.jsonl",
        "proof.json",
        "proof/aa.open.jsonl",
        "results.json",
    ]
    (run / "stack" / "secret.key").write_text("it may change")
    assert verify(run, rewrite).troubles == ()


def test_an_unpacked_bundle_is_a_folder_that_verifies(
    packed: bytes, tmp_path: Path, rewrite: Rewrite
) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert verify(tmp_path / "unpacked", rewrite).troubles == ()


# --- bytes -------------------------------------------------------------------------------------


def test_each_of_a_thousand_flipped_bytes_is_detected(packed: bytes, seen: Seen) -> None:
    chance = random.Random(20260101)
    for _ in range(1000):
        at, bits = chance.randrange(len(packed)), chance.randrange(1, 256)
        changed = bytearray(packed)
        changed[at] ^= bits
        assert detected(seen(bytes(changed))), (at, bits)


def test_each_flipped_byte_of_what_surrounds_the_files_is_detected(
    packed: bytes, seen: Seen
) -> None:
    """Headers, names and the list at the end: what other programs would overlook."""
    contents = [packed.index(data) for data in unpacked(packed).values()]
    sizes = [len(data) for data in unpacked(packed).values()]
    inside = {
        at for start, size in zip(contents, sizes, strict=True) for at in range(start, start + size)
    }
    around = [at for at in range(len(packed)) if at not in inside]
    assert len(around) > 300
    for at in around:
        changed = bytearray(packed)
        changed[at] ^= 1
        assert detected(seen(bytes(changed))), at


def test_each_flipped_byte_of_the_manifest_is_detected(packed: bytes, seen: Seen) -> None:
    start = packed.index(b"{")
    for at in range(start, start + len(unpacked(packed)[MANIFEST])):
        changed = bytearray(packed)
        changed[at] ^= 1
        assert any(MANIFEST in t for t in troubles(seen(bytes(changed)))), at


def test_a_bundle_that_was_cut_anywhere_is_detected(packed: bytes, seen: Seen) -> None:
    chance = random.Random(7)
    for cut in [0, 1, 43, len(packed) - 1, *(chance.randrange(len(packed)) for _ in range(200))]:
        assert detected(seen(packed[:cut])), cut


@pytest.mark.parametrize("more", [b"\0", b"\n", b"x" * 5000, b"PK\5\6" + b"\0" * 18])
def test_bytes_that_were_appended_are_counted(packed: bytes, seen: Seen, more: bytes) -> None:
    assert troubles(seen(packed + more)) == (f"{len(more):,} bytes stand behind its end.",)


def test_bytes_that_were_put_in_or_taken_out_anywhere_are_detected(
    packed: bytes, seen: Seen
) -> None:
    chance = random.Random(8)
    for _ in range(100):
        at = chance.randrange(len(packed))
        assert detected(seen(packed[:at] + b"x" + packed[at:])), at
        assert detected(seen(packed[:at] + packed[at + 1 :])), at


# --- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["checks.log", "proof.json", "results.json"])
def test_a_file_that_was_changed_is_named(packed: bytes, seen: Seen, name: str) -> None:
    files = unpacked(packed)
    files[name] = files[name].replace(b"e", b"E") + b" "
    assert troubles(seen(repacked(files))) == (f"{name} was changed.",)


def test_files_that_were_removed_added_or_renamed_are_named(packed: bytes, seen: Seen) -> None:
    files = unpacked(packed)
    log = files.pop("checks.log")
    assert troubles(seen(repacked(files))) == ("checks.log is missing.",)
    renamed = dict(sorted({**files, "checks2.log": log}.items(), key=lambda f: f[0] != MANIFEST))
    said = troubles(seen(repacked(renamed)))
    assert "checks.log is missing." in said
    assert "checks2.log is not in the manifest: it was added or renamed." in said


def test_files_that_stand_twice_or_out_of_order_are_detected(packed: bytes, seen: Seen) -> None:
    files = unpacked(packed)
    first, *others = files.items()
    for order in ([first, *reversed(others)], [first, *others, others[0]]):
        assert any("another order" in t for t in troubles(seen(repacked(order))))


def test_a_folders_files_are_named_as_well(run: Path, rewrite: Rewrite) -> None:
    (run / "proof.json").unlink()
    (run / "checks.log").write_text("said by somebody else")
    (run / "more.html").write_text("a nicer report")
    (run / "proof" / "more.jsonl").write_text("")
    assert set(verify(run, rewrite).troubles) == {
        "proof.json is missing.",
        "checks.log was changed.",
        "more.html is not in the manifest: it was added or renamed.",
        "proof/more.jsonl is not in the manifest: it was added or renamed.",
    }


def test_links_and_pipes_in_a_folder_are_not_followed(
    run: Path, tmp_path: Path, rewrite: Rewrite
) -> None:
    shutil.move(run / "checks.log", tmp_path / "elsewhere")
    (run / "checks.log").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(run / "pipe")
    shutil.move(run / "proof", tmp_path / "proof")
    (run / "proof").symlink_to(tmp_path / "proof")
    said = verify(run, rewrite).troubles
    assert {"checks.log is a link.", "pipe is no file.", "proof is a link."} < set(said)


# --- records -----------------------------------------------------------------------------------


def test_swapped_records_are_named_in_a_bundle(packed: bytes, seen: Seen) -> None:
    files = unpacked(packed)
    lines = files[JOURNAL].splitlines(keepends=True)
    lines[3], lines[4] = lines[4], lines[3]
    files[JOURNAL] = b"".join(lines)
    assert troubles(seen(repacked(files))) == (
        "journal.jsonl: Record 4 (witness of aa::one) was moved.",
    )


def test_each_changed_record_is_named_with_its_number_type_and_check(
    run: Path, rewrite: Rewrite
) -> None:
    journal = run / JOURNAL
    whole = journal.read_bytes()
    records = read(journal)
    for record in records:
        lines = whole.splitlines(keepends=True)
        at = record.seq - 1
        lines[at] = lines[at].replace(b'"time":1790', b'"time":1791')
        journal.write_bytes(b"".join(lines))
        tag = record.__struct_config__.tag
        check = getattr(record, "check", "")
        of = f" of {check}" if check else ""
        assert verify(run, rewrite).troubles == (
            f"journal.jsonl: Record {record.seq} ({tag}{of}) was changed.",
        )


def test_a_record_that_was_appended_after_the_manifest_is_told(run: Path, rewrite: Rewrite) -> None:
    with Journal(run / JOURNAL, resume=True) as journal:
        journal.append(RunEnded(outcome="completed"))
    assert verify(run, rewrite).troubles == (
        "journal.jsonl: 1 record stands behind the last that the manifest knows.",
    )


def test_bytes_behind_the_last_record_are_told(run: Path, rewrite: Rewrite) -> None:
    with (run / JOURNAL).open("ab") as file:
        file.write(b'{"type":"run_')
    assert verify(run, rewrite).troubles == ("journal.jsonl was changed behind its last record.",)


def test_the_journal_of_a_killed_run_verifies_with_its_half_a_line(
    run: Path, rewrite: Rewrite, render: Callable[[Path], object]
) -> None:
    journal = run / JOURNAL
    journal.write_bytes(journal.read_bytes()[:-30])
    render(run)
    assert verify(run, rewrite).troubles == ()


# --- with a manifest made to fit ---------------------------------------------------------------


def test_doctored_results_are_noticed_though_the_manifest_fits_them(
    packed: bytes, seen: Seen
) -> None:
    files = unpacked(packed)
    files["results.json"] = files["results.json"].replace(b'"fail"', b'"pass"')
    assert troubles(seen(repacked(remade(files)))) == (
        "results.json is not what the journal gives.",
    )


def test_doctored_results_whose_reporter_the_manifest_hides_are_noticed(
    packed: bytes, seen: Seen
) -> None:
    files = unpacked(packed)
    files["results.json"] = files["results.json"].replace(b'"fail"', b'"pass"')
    found = manifest.decode(remade(files)[MANIFEST])
    bare = [msgspec.structs.replace(f, reporter="") for f in found.files]
    files[MANIFEST] = manifest.encode(msgspec.structs.replace(found, files=bare))
    assert troubles(seen(repacked(files))) == ("results.json is not what the journal gives.",)


def test_reports_of_another_version_are_not_compared_and_that_is_said(
    packed: bytes, seen: Seen
) -> None:
    files = unpacked(packed)
    said = seen(repacked(remade(files, version="0.0.9")))
    assert troubles(said) == ()
    assert isinstance(said, Verified)
    assert said.compared == ()
    assert "written by version 0.0.9, this is" in said.not_compared


@pytest.mark.parametrize("name", [JOURNAL, "proof/aa.open.jsonl"])
def test_a_broken_chain_is_noticed_though_the_manifest_fits_it(
    packed: bytes, seen: Seen, name: str
) -> None:
    files = unpacked(packed)
    files[name] = files[name].replace(b'"time":1790000001', b'"time":1790000009', 1)
    (said,) = troubles(seen(repacked(remade(files))))
    assert f"{name}, lines 2 and 3 do not belong together" in said


def test_a_manifest_of_another_run_is_noticed(packed: bytes, seen: Seen) -> None:
    files = remade(unpacked(packed), run="r2")
    assert troubles(seen(repacked(files))) == ("manifest.json is that of another run: 'r2'.",)


# --- keys --------------------------------------------------------------------------------------


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture
def signed(run: Path, tmp_path: Path, rewrite: Rewrite, key: Ed25519PrivateKey) -> Path:
    return bundle(run, tmp_path / "signed.zip", rewrite, key).path


def test_a_signed_bundle_verifies_with_its_key(
    signed: Path, rewrite: Rewrite, key: Ed25519PrivateKey
) -> None:
    found = verify(signed, rewrite, key.public_key())
    assert found.troubles == ()
    assert found.signer.startswith("sha256:")


def test_a_replaced_journal_with_a_manifest_that_fits_is_noticed_by_the_signature(
    signed: Path, rewrite: Rewrite, key: Ed25519PrivateKey, render: Any, run: Path
) -> None:
    first, *_, last = read(run / JOURNAL)
    (run / JOURNAL).unlink()
    with Journal(run / JOURNAL) as journal:  # a run that found nothing
        journal.append(first)
        journal.append(last)
    render(run)
    assert verify(run, rewrite).troubles == ()
    forged = {MANIFEST: (run / MANIFEST).read_bytes()}
    stolen = unpacked(signed.read_bytes())
    listed = manifest.decode(forged[MANIFEST]).files
    rest = {f.name: (run / f.name).read_bytes() for f in listed}
    path = signed.with_name("forged.zip")
    halves = {name: stolen[name] for name in (SIGNATURE, PUBLIC_KEY)}
    path.write_bytes(repacked({**forged, **halves, **rest}))
    (said,) = verify(path, rewrite, key.public_key()).troubles
    assert "signature is not one of this manifest.json" in said
    path.write_bytes(repacked({**forged, **rest}))
    (said,) = verify(path, rewrite, key.public_key()).troubles
    assert "not signed" in said
    again = bundle(run, signed.with_name("again.zip"), rewrite, Ed25519PrivateKey.generate())
    (said,) = verify(again.path, rewrite, key.public_key()).troubles
    assert f"signed by another key: {again.signer}" in said


def test_each_flipped_byte_of_the_signature_and_its_key_is_detected(
    signed: Path, seen: Seen
) -> None:
    data = signed.read_bytes()
    files = unpacked(data)
    for name in (SIGNATURE, PUBLIC_KEY):
        start = data.index(files[name])
        for at in range(start, start + len(files[name])):
            for bit in (1, 4):
                changed = bytearray(data)
                changed[at] ^= bit
                assert detected(seen(bytes(changed))), (name, at, bit)


def test_half_a_signature_is_none(signed: Path, seen: Seen) -> None:
    files = unpacked(signed.read_bytes())
    del files[PUBLIC_KEY]
    assert any("two halves" in t for t in troubles(seen(repacked(files))))


# --- hostile -----------------------------------------------------------------------------------


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], level: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", level) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def links() -> Iterator[tuple[str | zipfile.ZipInfo, bytes]]:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    yield MANIFEST, b"{}"
    yield link, b"/etc/passwd"


@pytest.mark.parametrize(
    "data",
    [
        zipped((MANIFEST, b"{}"), ("../../etc/passwd", b"x")),
        zipped((MANIFEST, b"{}"), ("/etc/passwd", b"x")),
        zipped(*links()),
        zipped((MANIFEST, b" " * 10_000_000), level=zipfile.ZIP_DEFLATED),
        zipped((MANIFEST, b"[" * 100_000)),
        zipped((MANIFEST, b'{"a":"\xff"}')),
        zipped((MANIFEST, b'{"format":"l7audit-manifest/1","files":' + b"9" * 400 + b"}")),
        repacked({MANIFEST: b"{}", "x" * 150: b""}),
        repacked([(MANIFEST, b"{}"), *((str(n), b"") for n in range(12_000))]),
    ],
    ids=["above", "root", "link", "bomb", "deep", "bytes", "number", "name", "many"],
)
def test_a_hostile_bundle_is_told_and_nothing_is_unpacked(
    data: bytes, seen: Seen, tmp_path: Path
) -> None:
    said = seen(data)
    assert detected(said)
    assert [p.name for p in tmp_path.iterdir()] == ["b.zip"]


@pytest.mark.parametrize(
    "name", ["../up", "/root", "a//b", ".", "a/../b", "C:x", "a\\b", "\u202egpj.x", "x" * 300]
)
def test_a_manifest_that_lists_what_is_no_file_of_a_run_is_told(
    packed: bytes, seen: Seen, name: str
) -> None:
    files = unpacked(packed)
    found = manifest.decode(files[MANIFEST])
    more = manifest.File(name=name, size=1, sha256="0" * 64)
    listed = sorted([*found.files, more], key=lambda f: f.name)
    files[MANIFEST] = manifest.encode(msgspec.structs.replace(found, files=listed))
    assert any("no name of a run's file" in t for t in troubles(seen(repacked(files))))


def test_a_length_beyond_the_files_end_is_told(packed: bytes, seen: Seen) -> None:
    size = struct.pack("<I", 2**32 - 2)
    at = packed.index(container.LOCAL, 50) + 18
    said = troubles(seen(packed[:at] + size + size + packed[at + 8 :]))
    assert any("ends in the middle of" in t for t in said)


@pytest.mark.parametrize(
    "data",
    [b"", b"PK", b"<!doctype html>", b"\x89PNG\r\n", b"\x1f\x8b", zipped(("word/a.xml", b"x"))],
)
def test_what_is_no_bundle_is_one_sentence(data: bytes, seen: Seen) -> None:
    said = seen(data)
    assert isinstance(said, UsageError)
    assert "is no bundle of l7audit. Make one: l7audit bundle RUN" in str(said)


def test_a_sparse_file_of_ten_gigabytes_is_refused_at_once(
    tmp_path: Path, rewrite: Rewrite
) -> None:
    with (tmp_path / "huge.zip").open("wb") as file:
        file.truncate(10 * 2**30)
    with pytest.raises(UsageError, match="is no bundle"):
        verify(tmp_path / "huge.zip", rewrite)


def test_what_is_neither_file_nor_run_is_one_sentence(tmp_path: Path, rewrite: Rewrite) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, wanted in [
        ("pipe", "neither a file nor a folder"),
        ("missing", "No such file"),
        (".", r"holds no manifest\.json.* l7audit report"),
    ]:
        with pytest.raises(UsageError, match=wanted):
            verify(tmp_path / name, rewrite)
