"""Whether the next code is told by the last."""

from __future__ import annotations

import base64
import secrets
import uuid

import pytest

from l7audit_suites.flow.codes import counted

NOW = 1_790_000_000_000_000


@pytest.mark.parametrize(
    "codes",
    [
        [f"INV-{n}" for n in range(998, 1004)],
        [f"{n:06d}" for n in range(1, 7)],
        [f"gift{n:x}end" for n in range(0x9FFFE, 0xA0004)],
        [f"c_{NOW + n * 4_321}" for n in range(6)],
        [f"{NOW + n * 4_321:x}" for n in range(6)],
        [f"{100 - 3 * n}" for n in range(6)],
        [base64.urlsafe_b64encode(f"user-7:{n}".encode()).decode() for n in range(1041, 1047)],
        ["v-100001", "v-730001", "v-100002", "v-730002", "v-100003", "v-730003"],
    ],
)
def test_counters_and_clocks_are_seen_in_every_spelling(codes: list[str]) -> None:
    assert counted(codes)


@pytest.mark.parametrize("count", range(20))
def test_chance_is_not_taken_for_a_counter(count: int) -> None:
    assert not counted([secrets.token_urlsafe(12) for _ in range(6)])
    assert not counted([secrets.token_hex(8) for _ in range(6)])
    assert not counted([str(uuid.uuid4()) for _ in range(6)])
    assert not counted([f"{NOW + n:012x}{secrets.token_hex(10)}" for n in range(6)]), count


def test_short_codes_of_chance_are_no_counters_even_in_order() -> None:
    assert not counted(["104233", "224801", "381907", "502114", "777012", "930155"])


def test_a_code_that_is_given_twice_and_uuids_of_the_time_are_told() -> None:
    assert counted(["aaaa", "aaaa", "bbbb", "cccc"])
    assert counted([str(uuid.uuid1()) for _ in range(6)])


def test_the_one_code_of_a_thing_that_is_shown_again_tells_no_other() -> None:
    assert not counted(["share-1042"] * 6)
