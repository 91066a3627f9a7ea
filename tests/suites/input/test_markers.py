from __future__ import annotations

import random
import subprocess

import jinja2
import pytest

from l7audit_suites.input.markers import SHELL, SQL, TEMPLATES, Marker


@pytest.mark.parametrize("seed", range(50))
def test_a_product_has_ten_digits_and_fits_a_databases_integer(seed: int) -> None:
    marker = Marker.random(random.Random(seed))
    assert len(marker.product) == 10
    assert marker.a * marker.b < 2**31


@pytest.mark.parametrize("form", [*SHELL, *SQL, *TEMPLATES])
def test_no_payload_holds_its_own_product(form: str) -> None:
    marker = Marker.random(random.Random(form))
    payload = marker.payload(form)
    assert str(marker.a) in payload
    assert not marker.computed(payload)


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("echo {}", SHELL[0]),
        ('echo "{}"', SHELL[0]),
        ("echo '{}'", SHELL[1]),
        ("echo {}", SHELL[2]),
    ],
)
def test_a_shell_gives_itself_away(line: str, form: str) -> None:
    marker = Marker.random(random.Random(line))
    command = line.format(marker.payload(form))
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert marker.computed(done.stdout)


def test_a_template_engine_gives_itself_away() -> None:
    marker = Marker.random(random.Random(1))
    rendered = jinja2.Template(marker.payload(TEMPLATES[0])).render()
    assert marker.computed(rendered)


def test_thousands_marks_do_not_hide_a_product() -> None:
    marker = Marker(40_000, 40_001)
    assert marker.computed("it came to 1,600,040,000")
    assert not marker.computed("it came to 49")
