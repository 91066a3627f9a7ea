from __future__ import annotations

from urllib.parse import unquote

import pytest

from l7audit_stack.defects.path import files
from l7audit_stack.defects.path.places import AnyPath, relative

UP = "../../etc/passwd"


def lost(reading: files.Reading, raw: str) -> str:
    """What a careless reader makes of a path as it is sent."""
    try:
        return reading(AnyPath().decode(raw))
    except ValueError:
        return "refused"


@pytest.mark.parametrize(
    ("reading", "raw", "made"),
    [
        (relative, "%2e%2e/%2e%2e%2fetc/passwd", UP),
        (relative, "/etc/passwd", "etc/passwd"),
        (files._without_steps, "../../etc/passwd", "etc/passwd"),
        (files._without_steps, "....//....//etc/passwd", UP),
        (files._decoded_again, UP, "refused"),
        (files._decoded_again, "%252e%252e/%252e%252e/etc/passwd", UP),
        (files._no_steps, UP, "refused"),
        (files._no_steps, "%2fetc%2fpasswd", "/etc/passwd"),
        (files._ending_in_text, UP, "refused"),
        (files._ending_in_text, f"{UP}%00.txt", UP),
        (files._within, UP, "etc/passwd"),
        (files._within, "a/../b.txt", "b.txt"),
    ],
)
def test_each_reader_is_careless_in_its_own_way(
    reading: files.Reading, raw: str, made: str
) -> None:
    assert lost(reading, raw) == made


def test_a_sloppy_decoder_reads_overlong_dots() -> None:
    assert lost(files._decoded_again, "%c0%ae%c0%ae%c0%af") == "../"
    assert unquote("%c0%ae", errors="replace") != "."
