"""Vectors of texts, for search by meaning.

Two sources: the LLM server, where it offers `/v1/embeddings`, and feature hashing, which needs
nothing and always gives the same vector for the same text. Every stored vector carries the name of
its model, and a search compares only within one model.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

DIMENSION = 256
"""Numbers in a stored vector. Shorter ones are filled with zeros, which changes no cosine."""

HASHING_MODEL = "hashing-256"
_WORD = re.compile(r"\w+")
_MAX_WORDS = 5_000


@dataclass(frozen=True, slots=True)
class Embedding:
    """A vector of `DIMENSION` floats of length 1 (or all zero for a text without words)."""

    model: str
    vector: tuple[float, ...]

    def literal(self) -> str:
        """The vector as pgvector's text form."""
        return "[" + ",".join(f"{value:.7g}" for value in self.vector) + "]"


class VectorSource(Protocol):
    """What the LLM client offers of embeddings."""

    async def embed(self, text: str, /) -> tuple[str, Sequence[float]] | None:
        """Model and vector; None where the server doesn't offer embeddings or is away."""


def hashed(text: str) -> Embedding:
    """Feature hashing (Weinberger et al., 2009) over words, word pairs and parts of words.

    Each feature adds +1 or -1, by one bit of its hash, at a place given by the others; counts are
    dampened by a logarithm, so that a repeated word doesn't drown the rest. Parts of words (four
    letters) bring inflections of a word close to each other.
    """
    counts: dict[str, float] = {}
    words = _WORD.findall(text.casefold())[:_MAX_WORDS]
    for word in words:
        counts[f"w {word}"] = counts.get(f"w {word}", 0.0) + 1.0
        for start in range(min(len(word) - 3, 16)):
            part = f"p {word[start : start + 4]}"
            counts[part] = counts.get(part, 0.0) + 0.25
    for first, second in pairwise(words):
        counts[f"b {first} {second}"] = counts.get(f"b {first} {second}", 0.0) + 0.5
    vector = [0.0] * DIMENSION
    for feature, count in counts.items():
        digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        vector[(number >> 1) % DIMENSION] += math.copysign(math.log1p(count), (number & 1) - 0.5)
    return Embedding(HASHING_MODEL, _unit(vector))


async def embed(text: str, source: VectorSource | None) -> Embedding:
    """The server's vector where it has one to give that fits, else the hashed one.

    The fallback keeps uploads working while the server is away.
    """
    return (await embed_query(text, source))[0]


async def embed_query(text: str, source: VectorSource | None) -> tuple[Embedding, ...]:
    """The vectors of each model that stored texts may have, the server's first if it offers one."""
    # A long text takes tens of milliseconds: other calls go on meanwhile.
    own = hashed(text) if len(text) < 2_000 else await asyncio.to_thread(hashed, text)
    offered = None if source is None else await source.embed(text)
    if offered is None:
        return (own,)
    model, vector = offered
    if not (0 < len(vector) <= DIMENSION and all(map(math.isfinite, vector)) and any(vector)):
        return (own,)
    padded = [*vector, *([0.0] * (DIMENSION - len(vector)))]
    return Embedding(model[:100], _unit(padded)), own


def _unit(vector: Sequence[float]) -> tuple[float, ...]:
    length = math.sqrt(math.fsum(value * value for value in vector))
    return tuple(value / length for value in vector) if length else tuple(vector)
