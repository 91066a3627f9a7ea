"""Vectors of texts."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import pytest

from l7audit_stack.api.embedding import DIMENSION, HASHING_MODEL, embed, embed_query, hashed


def cosine(first: str, second: str) -> float:
    pairs = zip(hashed(first).vector, hashed(second).vector, strict=True)
    return math.fsum(a * b for a, b in pairs)


class Source:
    """A vector source that answers what it is given."""

    def __init__(self, answer: tuple[str, Sequence[float]] | None) -> None:
        self.answer = answer

    async def embed(self, _text: str) -> tuple[str, Sequence[float]] | None:
        return self.answer


def test_the_same_text_always_has_the_same_vector_of_length_one() -> None:
    one = hashed("Rotate the signing keys every ninety days.")
    assert one == hashed("Rotate the signing keys every ninety days.")
    assert len(one.vector) == DIMENSION
    assert math.isclose(math.fsum(value * value for value in one.vector), 1.0, rel_tol=1e-9)


def test_related_texts_are_nearer_than_unrelated_ones() -> None:
    query = "rotating api keys"
    related = cosine(query, "How API keys are rotated, and how long a key lives.")
    unrelated = cosine(query, "The bakery sells rye bread on Tuesday mornings.")
    assert related > unrelated + 0.2


@pytest.mark.parametrize("text", ["", "  \n", "!?"])
def test_a_text_without_words_has_the_zero_vector(text: str) -> None:
    assert not any(hashed(text).vector)


def test_a_shorter_vector_of_the_server_is_scaled_and_filled_with_zeros() -> None:
    found = asyncio.run(embed("x", Source(("server:m", [3.0, 4.0]))))
    assert found.model == "server:m"
    assert found.vector[:2] == (0.6, 0.8)
    assert found.vector[2:] == (0.0,) * (DIMENSION - 2)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        ("m", []),
        ("m", [0.0, 0.0]),
        ("m", [math.nan, 1.0]),
        ("m", [math.inf]),
        ("m", [1.0] * (DIMENSION + 1)),
    ],
)
def test_an_unusable_vector_of_the_server_falls_back_to_hashing(
    answer: tuple[str, Sequence[float]] | None,
) -> None:
    assert asyncio.run(embed("x", Source(answer))).model == HASHING_MODEL


def test_the_literal_holds_every_number() -> None:
    literal = hashed("a text").literal()
    assert literal[0] == "["
    assert literal[-1] == "]"
    assert literal.count(",") == DIMENSION - 1


def test_a_query_has_a_vector_for_every_model_that_stored_texts_may_have() -> None:
    models = [found.model for found in asyncio.run(embed_query("x", Source(("server:m", [1.0]))))]
    assert models == ["server:m", HASHING_MODEL]
