from __future__ import annotations

import pytest

from l7audit_stack.api.form_data import FormRefusedError
from l7audit_stack.defects.path import forms

UP = "../../etc/passwd"


def read(reading: forms.Reading, name: str) -> str:
    try:
        return reading(name)
    except ValueError:
        return "refused"


@pytest.mark.parametrize(
    ("reading", "name", "made"),
    [
        (forms._no_steps, UP, "refused"),
        (forms._no_steps, "/etc/passwd", "/etc/passwd"),
        (forms._good_start, UP, "refused"),
        (forms._good_start, f"a/../{UP}", UP),
        (forms._slashes_alone, UP, "refused"),
        (forms._slashes_alone, UP.replace("/", "\\"), UP),
        (forms._decoded, "..%2f..%2fetc", "refused"),
        (forms._decoded, "%2e%2e%2f%2e%2e%2fetc%2fpasswd", UP),
        (forms._decoded_twice, "..%2f..%2fetc", "refused"),
        (forms._decoded_twice, "..%252f..%252fetc%252fpasswd", UP),
        (forms._without_steps, UP, "etc/passwd"),
        (forms._without_steps, "....//....//etc/passwd", UP),
        (forms._without_zero_bytes, UP, "refused"),
        (forms._without_zero_bytes, "..\0/..\0/etc/passwd", UP),
        (forms._word, UP, "refused"),
        (forms._word, "=?utf-8?B?Li4vLi4vZXRjL3Bhc3N3ZA==?=", UP),
    ],
)
def test_each_reader_is_careless_in_its_own_way(
    reading: forms.Reading, name: str, made: str
) -> None:
    assert read(reading, name) == made


@pytest.mark.parametrize(
    ("pick", "careless", "careful"),
    [
        (forms._last, 'filename="a"; filename="../b"', 'filename="../b"; filename="a"'),
        (forms._first, 'filename="../b"; filename="a"', 'filename="a"; filename="../b"'),
        (forms._extended, "filename=\"a\"; filename*=UTF-8''..%2Fb", 'filename="../b"'),
        (forms._extended, "filename*=UTF-8''..%2Fb", 'filename="../b"'),
        (forms._quoted_alone, "filename=../b", 'filename="../b"'),
    ],
)
def test_each_look_at_names_misses_one(pick: forms.Pick, careless: str, careful: str) -> None:
    reader = forms.AnyNames(pick=pick)
    assert reader.names(f'form-data; name="file"; {careless}') == ("file", "../b")
    with pytest.raises(FormRefusedError):
        reader.names(f'form-data; name="file"; {careful}')
