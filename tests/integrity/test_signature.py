"""Keys and signatures, which openssl must be able to make and to read too."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from l7audit.errors import UsageError
from l7audit.integrity import signature
from l7audit.integrity.signature import fingerprint, fits, new_key, private_key, public_key

PKCS8 = serialization.PrivateFormat.PKCS8
PEM = serialization.Encoding.PEM


@pytest.fixture
def key(tmp_path: Path) -> Path:
    new_key(tmp_path / "k")
    return tmp_path / "k"


def test_a_new_key_is_its_owners_alone_and_signs(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    signed = private_key(key).sign(b"m")
    public = public_key(key.with_name("k.pub"))
    assert fits(public, signed, b"m")
    assert not fits(public, signed, b"n")
    assert not fits(public, signed[:-1], b"m")
    assert re.fullmatch("sha256:[0-9a-f]{64}", fingerprint(public))


def test_a_key_is_never_overwritten(key: Path) -> None:
    before = key.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        new_key(key)
    assert key.read_bytes() == before


def test_a_key_without_a_place_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        new_key(tmp_path / "missing" / "k")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_a_key_that_others_can_read_is_refused_with_the_mend(key: Path, mode: int) -> None:
    key.chmod(mode)
    with pytest.raises(UsageError, match=r"others than its owner\. chmod 600"):
        private_key(key)


def test_other_files_are_no_keys(key: Path, tmp_path: Path) -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    locked = ed25519.Ed25519PrivateKey.generate().private_bytes(
        PEM, PKCS8, serialization.BestAvailableEncryption(b"p")
    )
    plain = serialization.NoEncryption()
    for data, wanted in [
        (curve.private_bytes(PEM, PKCS8, plain), "is no Ed25519 key"),
        (locked, "protected by a passphrase"),
        (b"hello", "no private key in PEM form"),
        (b"", "no private key in PEM form"),
        (key.with_name("k.pub").read_bytes(), "no private key in PEM form"),
    ]:
        other = tmp_path / "other"
        other.write_bytes(data)
        other.chmod(0o600)
        with pytest.raises(UsageError, match=wanted):
            private_key(other)
    other.write_bytes(signature.public_pem(ed25519.Ed25519PrivateKey.generate().public_key())[:40])
    with pytest.raises(UsageError, match="holds no public key in PEM form"):
        public_key(other)
    with pytest.raises(UsageError, match=r"is a private key\. Give its public half: .*k\.pub"):
        public_key(key)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        public_key(tmp_path / "missing")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        private_key(tmp_path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed here")
def test_openssl_makes_keys_and_verifies_signatures(tmp_path: Path) -> None:
    def openssl(*arguments: str) -> bytes:
        return subprocess.run(
            ["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True
        ).stdout

    openssl("genpkey", "-algorithm", "ed25519", "-out", "k")
    openssl("pkey", "-in", "k", "-pubout", "-out", "k.pub")
    (tmp_path / "k").chmod(0o600)
    key = private_key(tmp_path / "k")
    (tmp_path / "manifest.json").write_bytes(b"{}")
    (tmp_path / "manifest.json.sig").write_bytes(key.sign(b"{}"))
    openssl(
        *("pkeyutl", "-verify", "-pubin", "-inkey", "k.pub", "-rawin"),
        *("-in", "manifest.json", "-sigfile", "manifest.json.sig"),
    )
    der = openssl("pkey", "-pubin", "-in", "k.pub", "-outform", "DER")
    assert fingerprint(key.public_key()) == f"sha256:{hashlib.sha256(der).hexdigest()}"
