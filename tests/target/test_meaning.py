from __future__ import annotations

from typing import Any

import pytest

from l7audit.target import meaning
from l7audit.target.words import words

STRING = {"type": "string"}


def body(*names: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {**dict.fromkeys(names, STRING), **more}}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("username", "password"), ("username", "password")),
        (("name", "user", "password"), ("user", "password")),
        (("mail", "pass"), ("mail", "pass")),
        (("displayName", "loginName", "passPhrase"), ("loginName", "passPhrase")),
        (("password",), None),
        (("username",), None),
        (("username", "password", "newPassword"), None),
    ],
)
def test_the_fields_of_a_login_are_told_by_their_words(names: Any, expected: Any) -> None:
    assert meaning.login_fields(body(*names)) == expected


def test_a_password_may_be_told_by_its_format_alone() -> None:
    schema = body("user", word={"type": "string", "format": "password"})
    assert meaning.login_fields(schema) == ("user", "word")


@pytest.mark.parametrize("name", ["token", "access_token", "jwt", "sessionToken", "bearer"])
def test_these_are_tokens(name: str) -> None:
    assert meaning.is_token(name, STRING)


@pytest.mark.parametrize(
    "name", ["token_type", "tokenExpiry", "csrf_token", "nextPageToken", "token_url", "tokenizer"]
)
def test_these_are_no_tokens(name: str) -> None:
    assert not meaning.is_token(name, STRING)


@pytest.mark.parametrize(
    ("schema", "is_file"),
    [
        ({"type": "string", "format": "binary"}, True),
        ({"type": "string", "contentMediaType": "image/png"}, True),
        ({"type": "array", "items": {"type": "string", "format": "binary"}}, True),
        ({"type": "string", "format": "byte"}, False),
        ({"type": "string", "contentMediaType": "image/png", "contentEncoding": "base64"}, False),
        ({"type": "array", "items": STRING}, False),
        ({"type": "array"}, False),
        (STRING, False),
    ],
)
def test_files_of_a_form_are_bytes_as_they_are(schema: Any, is_file: bool) -> None:
    assert meaning.is_form_file(schema) is is_file


@pytest.mark.parametrize("name", ["secret", "apiKey", "key", "plaintext_token", "client-secret"])
def test_these_are_fresh_secrets(name: str) -> None:
    assert meaning.is_fresh_secret(name, STRING)


@pytest.mark.parametrize("name", ["key_id", "keyPrefix", "tokenName", "secret_hint", "public_key"])
def test_these_only_tell_of_a_secret(name: str) -> None:
    assert not meaning.is_fresh_secret(name, STRING)


@pytest.mark.parametrize(
    ("name", "schema", "taken"),
    [
        ("callbackUrl", STRING, True),
        ("target", {"type": "string", "format": "uri"}, True),
        ("webhook", STRING, True),
        ("webhook_id", STRING, False),
        ("url_count", {"type": "integer"}, False),
        ("curly", STRING, False),
    ],
)
def test_an_address_is_told_by_name_or_format(name: str, schema: Any, taken: bool) -> None:
    assert meaning.takes_url(name, schema) is taken


@pytest.mark.parametrize(
    ("name", "schema", "taken"),
    [
        ("file_name", STRING, True),
        ("path", STRING, True),
        ("profile", STRING, False),
        ("file", {"type": "string", "format": "binary"}, False),
        ("file", {"type": "string", "contentMediaType": "image/png"}, False),
        ("file", {"type": "string", "format": "byte"}, False),
    ],
)
def test_a_path_is_told_by_whole_words(name: str, schema: Any, taken: bool) -> None:
    assert meaning.takes_path(name, schema) is taken


@pytest.mark.parametrize(
    ("told", "once"),
    [
        ("Each reader may vote once", True),
        ("A single-use link", True),
        ("The job starts at once", False),
        ("Sent once the report is ready", False),
    ],
)
def test_what_is_good_for_one_time_is_told_from_how_soon_and_when(told: str, once: bool) -> None:
    assert meaning.said_once(words(told)) is once
