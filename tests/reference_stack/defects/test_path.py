from __future__ import annotations

from urllib.parse import unquote

import pytest

from l7audit_stack.defects import path

UP = "../../etc/passwd"


def lost(reading: path.Reading, raw: str) -> str:
    """What a careless reader makes of a path as it is sent."""
    try:
        return reading(path.AnyPath().decode(raw))
    except ValueError:
        return "refused"


@pytest.mark.parametrize(
    ("reading", "raw", "made"),
    [
        (path._relative, "%2e%2e/%2e%2e%2fetc/passwd", UP),
        (path._relative, "/etc/passwd", "etc/passwd"),
        (path._without_steps, "../../etc/passwd", "etc/passwd"),
        (path._without_steps, "....//....//etc/passwd", UP),
        (path._decoded_again, UP, "refused"),
        (path._decoded_again, "%252e%252e/%252e%252e/etc/passwd", UP),
        (path._no_steps, UP, "refused"),
        (path._no_steps, "%2fetc%2fpasswd", "/etc/passwd"),
        (path._ending_in_text, UP, "refused"),
        (path._ending_in_text, f"{UP}%00.txt", UP),
        (path._within, UP, "etc/passwd"),
        (path._within, "a/../b.txt", "b.txt"),
    ],
)
def test_each_reader_is_careless_in_its_own_way(reading: path.Reading, raw: str, made: str) -> None:
    assert lost(reading, raw) == made


def test_a_sloppy_decoder_reads_overlong_dots() -> None:
    assert lost(path._decoded_again, "%c0%ae%c0%ae%c0%af") == "../"
    assert unquote("%c0%ae", errors="replace") != "."
