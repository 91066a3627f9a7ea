"""The forms in which a secret may lie in a database."""

from __future__ import annotations

import base64
import hashlib

import pytest

from l7audit_suites.crypt.forms import alike, cheap, fast_hashes, readable

SECRET = "whsec-0123456789abcd"


@pytest.mark.parametrize(
    "stored",
    [
        SECRET,
        f"v1:{SECRET}",
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode((SECRET + "more").encode()).decode(),
        "\\x" + SECRET.encode().hex(),
        SECRET[::-1],
    ],
)
def test_a_secret_is_found_plain_and_encoded(stored: str) -> None:
    assert any(form in stored for form in readable(SECRET))


def test_a_hash_and_a_part_of_a_secret_are_not_readable() -> None:
    stored = hashlib.sha256(SECRET.encode()).hexdigest(), SECRET[:12]
    assert not any(form in text for form in readable(SECRET) for text in stored)


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256", "sha512"])
def test_fast_hashes_are_known_with_and_without_salt(name: str) -> None:
    found = fast_hashes("password", ["salt"])
    for text in (b"password", b"saltpassword", b"passwordsalt"):
        assert hashlib.new(name, text).hexdigest() in found
    assert base64.b64encode(hashlib.new(name, b"password").digest()).decode().rstrip("=") in found


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA",
        "$argon2id$v=19$m=7168,t=5,p=1$c2FsdA$aGFzaA",
        "$2b$12$abcdefghijklmnopqrstuuKGm0S7mTqZ1l2oH8tT0dJ1uKx5F0e2y",
        "pbkdf2_sha256$870000$salt$hash",
        "pbkdf2:sha256:600000$salt$hash",
        "scrypt:131072:8:1$salt$hash",
        "$scrypt$ln=17,r=8,p=1$salt$hash",
    ],
)
def test_hashes_at_todays_cost_are_no_fault(stored: str) -> None:
    assert cheap(stored) == ""


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        ("$argon2id$v=19$m=192,t=1,p=1$c2FsdA$aGFzaA", "Argon2"),
        ("$2a$04$abcdefghijklmnopqrstuuKGm0S7mTqZ1l2oH8tT0dJ1uKx5F0e2y", "bcrypt"),
        ("pbkdf2_sha256$20000$salt$hash", "PBKDF2"),
        ("scrypt:1024:8:1$salt$hash", "scrypt"),
        ("$6$salt$hash", "SHA"),
    ],
)
def test_cheap_hashes_are_named(stored: str, why: str) -> None:
    assert why in str(cheap(stored))


def test_other_text_is_no_password_hash() -> None:
    assert cheap("alice@acme") is None
    assert cheap(hashlib.sha256(b"x").hexdigest()) is None


def test_columns_are_alike_only_where_another_secret_makes_a_difference() -> None:
    one = {"id": "1", "url": "https://a", "sealed": "k1:aa"}
    two = {"id": "2", "url": "https://a", "sealed": "k1:aa"}
    other = {"id": "3", "url": "https://a", "sealed": "k1:bb"}
    assert alike(one, two, other) == ["sealed"]
    assert alike(one, {**two, "sealed": "k1:cc"}, other) == []
