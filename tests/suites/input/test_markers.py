from __future__ import annotations

import random
import sqlite3
import subprocess

import jinja2
import pytest

from l7audit_suites.input.markers import SHELL, SQL, TEMPLATES, Marker


@pytest.mark.parametrize("seed", range(50))
def test_a_product_has_ten_digits_and_fits_a_databases_integer(seed: int) -> None:
    marker = Marker.random(random.Random(seed))
    assert len(marker.product) == 10
    assert marker.a * marker.b < 2**31


FORMS = [form for p in (*SHELL, *SQL, *TEMPLATES) for form in (p.whole, *p.pieces)]


@pytest.mark.parametrize("form", FORMS)
def test_no_payload_holds_its_own_product(form: str) -> None:
    marker = Marker.random(random.Random(form))
    payload = marker.payload(form)
    assert str(marker.a) in payload
    assert not marker.computed(payload)


@pytest.mark.parametrize("argument", ["{}", '"{}"', "'{}'"])
@pytest.mark.parametrize("command", ["echo", "true", "true before"])
def test_a_shell_gives_itself_away_whatever_quotes_it_puts_around(
    command: str, argument: str
) -> None:
    assert computed_by_a_shell(f"{command} {argument} behind", SHELL[0].whole)


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("echo {}", SHELL[0].pieces[0]),
        ('echo "{}"', SHELL[0].pieces[0]),
        ("true '{}'", SHELL[0].pieces[1]),
        ('true "{}"', SHELL[0].pieces[2]),
        ("true {}", SHELL[0].pieces[3]),
    ],
)
def test_so_does_it_by_each_piece(line: str, form: str) -> None:
    assert computed_by_a_shell(line, form)


def computed_by_a_shell(line: str, form: str) -> bool:
    marker = Marker.random(random.Random(line))
    command = line.format(marker.payload(form))
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    return marker.computed(done.stdout)


@pytest.mark.parametrize("form", [TEMPLATES[0].whole, TEMPLATES[0].pieces[0]])
def test_a_template_engine_gives_itself_away(form: str) -> None:
    marker = Marker.random(random.Random(1))
    assert marker.computed(jinja2.Template(marker.payload(form)).render())


@pytest.mark.parametrize("literal", ["'{}'", '"{}"'])
def test_a_database_gives_itself_away_by_either_quote(literal: str) -> None:
    marker = Marker.random(random.Random(literal))
    statement = f"SELECT {literal.format(marker.payload(SQL[0].whole))}"
    ((said,),) = sqlite3.connect(":memory:").execute(statement).fetchall()
    assert marker.computed(said)


def test_thousands_marks_do_not_hide_a_product() -> None:
    marker = Marker(40_000, 40_001)
    assert marker.computed("it came to 1,600,040,000")
    assert not marker.computed("it came to 49")
