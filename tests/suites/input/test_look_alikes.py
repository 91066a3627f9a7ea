from __future__ import annotations

import codecs

import pytest

from l7audit_suites.input.look_alikes import OVERLONG, alike, folded

NAME = "lqbcdace"


@pytest.mark.parametrize("kind", list(alike(NAME)))
def test_every_spelling_is_another_text_that_looks_the_same(kind: str) -> None:
    other = alike(NAME)[kind]
    assert other != NAME
    assert folded(other) == folded(NAME)


def test_another_name_looks_different() -> None:
    assert folded("lqbcdacf") != folded(NAME)


@pytest.mark.parametrize("kind", list(OVERLONG))
def test_no_overlong_form_is_text(kind: str) -> None:
    wrong, _ = OVERLONG[kind]
    with pytest.raises(UnicodeDecodeError):
        codecs.decode(wrong, "utf-8")
