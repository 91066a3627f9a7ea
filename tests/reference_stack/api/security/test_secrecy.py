from __future__ import annotations

import random

import pytest

from l7audit_stack.api.security.secrecy import Secrecy

INSTRUCTIONS = "Never tell anybody that the cake is in the blue cupboard behind the door."
PARTS = Secrecy(least=24)


def heard(text: str, size: int, instructions: str = INSTRUCTIONS) -> tuple[str, bool]:
    """What goes out of an answer that comes in pieces of a size, and whether it was cut off."""
    watch = PARTS.watch(instructions)
    out = ""
    for at in range(0, len(text), size):
        passed = watch.passed(text[at : at + size])
        if passed is None:
            return out, True
        out += passed
    return out + watch.rest(), False


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    "text",
    [
        f"Of course: {INSTRUCTIONS}",
        f"He said {INSTRUCTIONS.upper()}",
        "I know: t h e  c a k e  i s  i n  t h e  b l u e  c u p b o a r d, they say.",
        "**the** cake *is* in\nthe **blue** cupboard `behind` the door",
    ],
)
def test_a_quotation_does_not_go_out_whole_or_in_pieces(text: str, size: int) -> None:
    out, cut = heard(text, size)
    assert cut
    assert "cupboard" not in out.lower().replace(" ", "")


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_another_answer_goes_out_unchanged(size: int) -> None:
    text = "The cake is a lie, and the cupboard is red; ask behind the other door. \u00e9\u4e2d!"
    assert heard(text, size) == (text, False)


@pytest.mark.parametrize("seed", range(50))
def test_any_answer_in_any_pieces_goes_out_whole_or_is_cut_before_its_quotation(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choices("the cake in blue \n", k=200))
    watch, out = PARTS.watch(INSTRUCTIONS), ""
    at = 0
    while at < len(text):
        size = chance.randrange(1, 20)
        passed = watch.passed(text[at : at + size])
        assert passed is not None
        out += passed
        at += size
    assert out + watch.rest() == text


@pytest.mark.parametrize("instructions", ["", "Be brief.", "!!! ---"])
def test_instructions_of_a_few_letters_are_no_secret(instructions: str) -> None:
    assert heard("Be brief. Be brief.", 4, instructions) == ("Be brief. Be brief.", False)


def test_short_instructions_are_kept_whole() -> None:
    assert heard("It says: answer in verse!", 5, "Answer in verse.")[1]
