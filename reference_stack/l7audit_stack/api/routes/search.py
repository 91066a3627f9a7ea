"""Search in the tenant's documents: by words (full text), by meaning (vectors), or by both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from l7audit_stack.api.embedding import Embedding, embed_query
from l7audit_stack.api.operation import Call, Input, Operation, Output, Reply
from l7audit_stack.api.owned import scope
from l7audit_stack.api.routes.shapes import Query

Mode = Literal["text", "vector", "hybrid"]
_FUSION = 60
"""The constant of reciprocal rank fusion (Cormack et al., 2009)."""

_HEADLINE = "StartSel='',StopSel='',MaxFragments=1,MaxWords=30,MinWords=10"


class SearchRequest(Input, frozen=True):
    """What to look for. In `query`, quotes, `or` and `-` work as people expect of a search."""

    query: Query
    mode: Mode = "hybrid"
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 10


class Hit(Output, frozen=True):
    """A document found. `score` orders the hits of one search and means nothing beyond it."""

    id: UUID
    title: str
    media_type: str
    score: float
    snippet: str


class SearchAnswer(Output, frozen=True):
    """Hits, best first."""

    mode: Mode
    items: list[Hit]


Ranking = Sequence[tuple[UUID, float]]


async def run(call: Call) -> Reply:
    """Rank by the mode asked for, then fetch what is shown of the best."""
    request: SearchRequest = call.body
    rankings: list[Ranking] = []
    # Fusing needs more of each list than is shown in the end.
    depth = request.limit if request.mode != "hybrid" else 50
    if request.mode != "vector":
        rankings.append(await _by_words(call, request.query, depth))
    if request.mode != "text":
        rankings.append(await _by_meaning(call, request.query, depth))
    best = rankings[0] if len(rankings) == 1 else fuse(rankings)
    items = await _hits(call, request.query, best[: request.limit])
    return Reply(SearchAnswer(mode=request.mode, items=items))


def fuse(rankings: Sequence[Ranking]) -> Ranking:
    """Reciprocal rank fusion: ranks of different scales add up, scores would not."""
    scores: dict[UUID, float] = {}
    for ranking in rankings:
        for rank, (key, _) in enumerate(ranking, start=1):
            scores[key] = scores.get(key, 0.0) + 1.0 / (_FUSION + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


async def _by_words(call: Call, query: str, limit: int) -> Ranking:
    values: list[Any] = [query, limit]
    conditions = ["words @@ asked", *scope(call, "search:use", values)]
    rows = await call.parts.database.fetch(
        "SELECT id, ts_rank(words, asked)::float8 AS score"
        " FROM documents, websearch_to_tsquery('english', $1) AS asked"
        f" WHERE {' AND '.join(conditions)} ORDER BY score DESC, id LIMIT $2",
        *values,
    )
    return [(row["id"], row["score"]) for row in rows]


async def _by_meaning(call: Call, query: str, limit: int) -> Ranking:
    # Texts kept while the server offered no vectors have hashed ones: each model is searched.
    asked = [
        embedding for embedding in await embed_query(query, call.parts.llm) if any(embedding.vector)
    ]
    rankings = [await _nearest(call, embedding, limit) for embedding in asked]
    found = [ranking for ranking in rankings if ranking]
    return found[0] if len(found) == 1 else fuse(found)


async def _nearest(call: Call, embedding: Embedding, limit: int) -> Ranking:
    values: list[Any] = [embedding.literal(), limit, embedding.model]
    conditions = ["embedding_model = $3", *scope(call, "search:use", values)]
    async with call.parts.database.transaction() as connection:
        # Without it the index offers its nearest rows of all tenants, and few may be left.
        await connection.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        rows = await connection.fetch(
            "SELECT id, 1 - (embedding <=> $1::text::vector) AS score FROM documents"
            f" WHERE {' AND '.join(conditions)}"
            " ORDER BY embedding <=> $1::text::vector LIMIT $2",
            *values,
        )
    # A text without words has the zero vector, whose cosine is no number.
    return [(row["id"], row["score"]) for row in rows if not math.isnan(row["score"])]


async def _hits(call: Call, query: str, best: Ranking) -> list[Hit]:
    rows = await call.parts.database.fetch(
        "SELECT id, title, media_type, ts_headline('english', left(content, 10000),"
        " websearch_to_tsquery('english', $2), $3) AS snippet"
        " FROM documents WHERE id = ANY ($1::uuid[])",
        [key for key, _ in best],
        query,
        _HEADLINE,
    )
    found = {row["id"]: row for row in rows}
    return [
        Hit(
            id=key,
            title=found[key]["title"],
            media_type=found[key]["media_type"],
            score=score,
            snippet=found[key]["snippet"][:1_000],
        )
        for key, score in best
        if key in found
    ]


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="search.run",
        method="POST",
        path="/v1/search",
        handler=run,
        summary="Search the tenant's documents by words, by meaning, or by both.",
        tag="documents",
        permission="search:use",
        body=SearchRequest,
        answer=SearchAnswer,
        limit="search",
    ),
)
