"""Secrets in answers: known by their form or their member's name, and not by looking random."""

from __future__ import annotations

import hashlib

import pytest

from l7audit_suites.expose.secret_forms import secret_form, secret_name, secrets_in

DIGEST = hashlib.sha256(b"x").hexdigest()
ARGON2 = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzYWx0$" + "A" * 43


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (ARGON2, "the hash of a password"),
        ("$2b$12$" + "a" * 53, "the hash of a password"),
        ("pbkdf2_sha256$600000$salt$" + "b" * 43, "the hash of a password"),
        ("-----BEGIN EC PRIVATE KEY-----\nMHc", "a private key"),
        ("postgresql://app:hunter2@db/app", "an address with a password"),
        ("AKIA" + "A1B2" * 4, "a key of a cloud"),
        ("ghp_" + "a" * 36, "a key of a service"),
    ],
)
def test_a_secret_is_known_by_its_form(text: str, what: str) -> None:
    assert secret_form(text) == what


@pytest.mark.parametrize(
    "text",
    [
        DIGEST, DIGEST[:32], f'W/"{DIGEST}"', f"sha256:{DIGEST}", "-----BEGIN PUBLIC KEY-----",
        "https://example.org/a:b@c", "https://example.org/", "0a1b2c3d-0000-4000-8000-000000000000",
    ],
)  # fmt: skip
def test_digests_etags_ids_and_addresses_are_no_secrets(text: str) -> None:
    assert secret_form(text) == ""


def test_a_member_s_name_tells_a_secret_from_something_about_one() -> None:
    for name in ("password", "passwordHash", "client_secret", "privateKey", "salt", "apiKey"):
        assert secret_name(name), name
    for name in (
        "password_changed_at", "secret_prefix", "secretId", "key", "next_page_token", "checksum",
        "has_password_set", "public_secret", "password_policy",
    ):  # fmt: skip
        assert not secret_name(name), name


def test_secrets_are_found_at_their_path_and_masked_ones_are_none() -> None:
    body = {
        "items": [{"password_hash": ARGON2, "etag": DIGEST}, {"client_secret": "********"}],
        "owner": {"client_secret": "9f8a7b6c5d4e"},
        "password": "Forgot your password?",
    }
    assert [(path, what) for path, what, _ in secrets_in(body)] == [
        ("items.password_hash", "the hash of a password"),
        ("owner.client_secret", "a secret, by its name"),
    ]
