from __future__ import annotations

import random
import subprocess

import pytest

from l7audit_suites.input.delays import ROUNDS, SECONDS, SLEEPS, decides, waits


def test_what_takes_as_long_as_it_was_told_to_stands_out() -> None:
    assert waits(0.43, [0.01, 0.02, 0.01])
    assert not waits(0.05, [0.01, 0.02, 0.01])


def test_a_target_that_is_slow_everywhere_does_not_stand_out() -> None:
    assert not waits(0.43, [0.4, 0.45, 0.5])


def test_a_wait_that_comes_each_time_and_never_unasked_decides() -> None:
    assert decides([0.42, 0.44, 0.9], [0.02, 0.01, 0.1])


def test_one_wait_that_was_not_asked_for_undoes_it() -> None:
    assert not decides([0.42, 0.44, 0.43], [0.02, 0.45, 0.01])


@pytest.mark.parametrize("seed", range(200))
def test_a_target_that_is_late_now_and_then_is_not_blamed(seed: int) -> None:
    chance = random.Random(seed)

    def took() -> float:
        return 0.01 + 0.45 * (chance.random() < 0.3)

    slow = [took() for _ in range(ROUNDS)]
    null = [took() for _ in range(ROUNDS)]
    asked_for = all(t > SECONDS for t in slow) and all(t < 0.1 for t in null)
    assert decides(slow, null) is asked_for


@pytest.mark.parametrize("form", SLEEPS)
def test_every_form_can_ask_for_no_wait_too(form: str) -> None:
    assert form.format(t="0.4") != form.format(t="0")
    assert not form.format(t="0").endswith(" ")  # a header could not carry it


@pytest.mark.parametrize(
    ("line", "form"), [("echo {}", SLEEPS[0]), ('echo "{}"', SLEEPS[0]), ("echo '{}'", SLEEPS[2])]
)
def test_a_shell_waits_whatever_quotes_it_puts_around(line: str, form: str) -> None:
    command = "sleep() { echo slept >&2; }; " + line.format(form.format(t="0.4"))
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert "slept" in done.stderr
