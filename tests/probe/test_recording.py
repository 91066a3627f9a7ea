from __future__ import annotations

from l7audit.probe.recording import BODY_SHOWN, shown
from l7audit.probe.redact import Redactor

NOBODY = Redactor()


def test_a_body_is_shown_as_text() -> None:
    assert shown(NOBODY, "grüße".encode()) == "grüße"


def test_an_empty_body_is_shown_as_nothing() -> None:
    assert shown(NOBODY, b"") == ""


def test_a_binary_body_is_only_named() -> None:
    assert shown(NOBODY, b"\x89PNG\0\0") == "[6 bytes that are no text]"


def test_a_long_body_is_cut() -> None:
    assert len(shown(NOBODY, b"a" * (BODY_SHOWN + 1))) == BODY_SHOWN
    assert len(shown(NOBODY, b"a" * 100_000)) == BODY_SHOWN
