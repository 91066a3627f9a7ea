from __future__ import annotations

from urllib.parse import unquote

import pytest

from l7audit.probe.request import Request
from l7audit_suites.path.climbs import (
    EVASIVE,
    PLAIN,
    absolute,
    beside,
    climbed,
    cut_short,
    gives_away,
)

PASSWD = b"root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (PASSWD, "etc/passwd"),
        (b"# kept by hand\n" + PASSWD, "etc/passwd"),
        (b"root:*:0:0:System Administrator:/var/root:/bin/sh", "etc/passwd"),
        (b"; for 16-bit app support\r\n[fonts]\r\n[extensions]\r\n", "windows/win.ini"),
        (b"no file ../../etc/passwd, said root: at 0:0", ""),
        (b"[fonts]\nsize=3", ""),
        (b'{"error": "root:x:0:0 is not a path"}', ""),
        (b"", ""),
    ],
)
def test_a_file_of_the_system_is_known_by_its_content(body: bytes, shown: str) -> None:
    assert gives_away(body) == shown


@pytest.mark.parametrize("step", PLAIN.values())
def test_plain_steps_are_steps_after_one_decoding(step: str) -> None:
    assert unquote(step).replace("\\", "/") == "../"


@pytest.mark.parametrize("step", EVASIVE.values())
def test_disguised_steps_are_none_after_one_decoding(step: str) -> None:
    broken = any(start in step for start in ("%c0", "%c1", "%e0"))
    assert not unquote(step, errors="replace" if broken else "strict").startswith("../")


@pytest.mark.parametrize(
    "raw",
    [
        *(climbed(s) for s in (*PLAIN.values(), *EVASIVE.values())),
        *absolute().values(),
        *cut_short((".txt",)).values(),
    ],
)
def test_each_path_can_stand_in_an_address(raw: str) -> None:
    assert Request("GET", f"/{raw}").path.endswith(raw)


def test_the_folder_beside_ours_is_reached_in_the_same_spelling() -> None:
    ways = [unquote(beside(step, "other", "a.txt")) for step in PLAIN.values()]
    assert {w.replace("\\", "/") for w in ways} == {"../other/a.txt"}


def test_a_zero_byte_stands_before_the_ending() -> None:
    assert unquote(cut_short((".txt",))["zero byte before .txt"]).endswith("etc/passwd\0.txt")


@pytest.mark.parametrize("step", [s for s in (*PLAIN.values(), *EVASIVE.values()) if s[-1] != "/"])
def test_a_step_without_a_plain_slash_climbs_within_one_segment(step: str) -> None:
    assert "/" not in climbed(step)
    assert len(climbed(step)) > 10 * len(step)
