"""Canonical paths."""

from __future__ import annotations

import pytest

from l7audit_stack.api.problems import Problem
from l7audit_stack.api.security.paths import PathRule

RULE = PathRule()


@pytest.mark.parametrize(
    "raw", [b"/", b"/v1/me", b"/v1/files/a%20b.txt", b"/v1/files/caf%C3%A9", b"/a.b/c..d/@x:y"]
)
def test_a_canonical_path_passes(raw: bytes) -> None:
    RULE.check(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"v1/me",
        b"//v1/me",
        b"/v1//me",
        b"/v1/./me",
        b"/v1/../me",
        b"/..",
        b"/v1/%2e%2e/me",
        b"/v1%2fme",
        b"/v1%2Fme",
        b"/v1%5cme",
        b"/v1\\me",
        b"/v1/%6de",
        b"/v1/me%00",
        b"/v1/me%0a",
        b"/v1/me%7f",
        b"/v1/me%",
        b"/v1/me%2",
        b"/v1/me%zz",
        b"/v1/%252e%252e/me",
        b"/v1/me\n",
        b"/v1/me\x00",
        b"/v1/me\xff",
        b"/v1/me?x",
        b"/v1/me#x",
    ],
)
def test_a_second_spelling_is_refused(raw: bytes) -> None:
    with pytest.raises(Problem) as refused:
        RULE.check(raw)
    assert refused.value.status == 400


def test_a_very_long_path_is_refused() -> None:
    with pytest.raises(Problem) as refused:
        RULE.check(b"/" + b"a" * 5000)
    assert refused.value.status == 414


def test_a_parameter_is_decoded_once_and_as_utf_8() -> None:
    assert RULE.decode("caf%C3%A9") == "café"
    with pytest.raises(Problem):
        RULE.decode("caf%E9")
