"""A journal that somebody made up, its chain in order: a sentence, or reports, but no crash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from l7audit import plugins as all_plugins
from l7audit import rendering
from l7audit.errors import AuditError
from l7audit.journal import Records, encode

Path_ = tuple[str | int, ...]

NUMBERS = [0, -1, 1, 99, 2**63, -(2**70), 10**300, 1e308, -1e308, 5e-324, 1e17, 253402300800]
TEXTS = ["", "x", "\0", "\u202e", "a" * 5000, "{{ 7 * 7 }}", "//[::1", "%", "\n", "2026-13-45"]
OTHERS = [None, True, [], {}, [[]], {"a": {}}, "critical", "AA-01"]


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Everywhere in a record where something may be put instead."""
    if path and path != ("type",):
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    if isinstance(value, list):
        for number, inner in enumerate(value[:3]):
            yield from places(inner, (*path, number))


def alike(value: object) -> list[Any]:
    if isinstance(value, int | float):
        return NUMBERS
    return TEXTS if isinstance(value, str) else OTHERS


@pytest.fixture(scope="module")
def specimen(records: Records) -> list[bytes]:
    return [encode(record) for record in records]


def chained(told: list[dict[str, Any]]) -> bytes:
    """The records as a journal whose numbers and links fit."""
    lines, prev = [], ""
    for seq, record in enumerate(told, start=1):
        lines.append(json.dumps({**record, "seq": seq, "prev": prev}).encode())
        prev = hashlib.sha256(lines[-1]).hexdigest()
    return b"\n".join(lines) + b"\n"


def spoilt(told: list[dict[str, Any]], draw: Callable[[Any], Any]) -> None:
    """Puts something else into one record, leaves a part out, doubles a record or moves it."""
    at = draw(st.one_of(st.just(0), st.integers(0, len(told) - 1)))
    kind = draw(st.sampled_from(["put", "put", "put", "put", "drop", "double", "swap"]))
    if kind == "double":
        told.insert(draw(st.integers(0, len(told))), told[at])
    elif kind == "swap":
        other = draw(st.integers(0, len(told) - 1))
        told[at], told[other] = told[other], told[at]
    else:
        *path, last = draw(st.sampled_from(sorted(places(told[at]), key=str)))
        inner: Any = told[at]
        for step in path:
            inner = inner[step]
        if kind == "drop":
            del inner[last]
        else:
            inner[last] = draw(st.sampled_from(alike(inner[last])))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_a_journal_says_only_sentences_come_out(
    data: st.DataObject, specimen: list[bytes], tmp_path: Path
) -> None:
    told = [json.loads(line) for line in specimen]
    for _ in range(data.draw(st.integers(1, 2))):
        spoilt(told, data.draw)
    path = tmp_path / "journal.jsonl"
    path.write_bytes(chained(told))
    plugins = all_plugins.load(third_party=False)
    with suppress(AuditError):  # any other error fails the test
        rendering.rewrite(Records(path), ["json", "html"], tmp_path, plugins)


@pytest.mark.parametrize(
    ("at", "change"),
    [
        (0, {"time": 1e308}),
        (0, {"time": -1}),
        (0, {"seed": 2**64}),
        (0, {"seed": 10**400}),
        (-1, {"time": 253402300800}),
        (-1, {"seconds": 1e308}),
        (0, {"history": [{"run": "r", "started": 1, "score": 1e9, "coverage": 1, "decision": ""}]}),
        (0, {"controls": [{"id": "AA-01", "severity": "catastrophic"}]}),
        (0, {"planned": ["ZZ-99"]}),
    ],
)
def test_what_no_run_ever_says_is_refused_in_a_sentence(
    at: int, change: dict[str, Any], specimen: list[bytes], tmp_path: Path
) -> None:
    told = [json.loads(line) for line in specimen]
    told[at] |= change
    path = tmp_path / "journal.jsonl"
    path.write_bytes(chained(told))
    with pytest.raises(AuditError) as error:
        rendering.rewrite(Records(path), ["json"], tmp_path, all_plugins.load(third_party=False))
    assert len(str(error.value)) < 500
