from __future__ import annotations

import pytest

from l7audit.target.words import all_words, says, words


@pytest.mark.parametrize(
    "name",
    [
        "accessToken",
        "access_token",
        "Access-Token",
        "ACCESS_TOKEN",
        "access.tokens",
        "accessTokens",
    ],
)
def test_a_name_has_the_same_words_in_every_style(name: str) -> None:
    assert words(name) == ("access", "token")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("HTTPServer", ("http", "server")),
        ("apiKeyV2", ("api", "key", "v", "2")),
        ("policies", ("policy",)),
        ("addresses", ("address",)),
        ("status", ("status",)),
        ("access", ("access",)),
        ("jwks", ("jwks",)),
        ("", ()),
    ],
)
def test_acronyms_numbers_and_plurals_are_taken_apart(name: str, expected: object) -> None:
    assert words(name) == expected


def test_a_phrase_is_found_as_whole_words_in_order() -> None:
    assert says(words("x-api-keys"), "api key")
    assert not says(words("keyApi"), "api key")
    assert not says(words("monkey"), "key")


def test_a_phrase_does_not_span_two_names() -> None:
    assert not says(all_words(["service-api", "key-ring"]), "api key")
