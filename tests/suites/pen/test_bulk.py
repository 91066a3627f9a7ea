from __future__ import annotations

import gzip
import json
import zlib

import pytest

from l7audit_suites.pen import bulk

ASK = b"GET /a?x=1 HTTP/1.1\r\nHost: x\r\n\r\n"


def test_a_swollen_head_is_still_one_request() -> None:
    heads = bulk.swollen_heads(ASK)
    assert all(sent.endswith(b"\r\n\r\n") for sent in heads.values())
    assert all(sent.count(b"\r\n\r\n") == 1 for sent in heads.values())
    assert all(len(sent) > 24 * bulk.KIB for sent in heads.values())
    assert heads["long address"].startswith(b"GET /a?x=1&a=aaa")
    assert b"GET /a?a=" in bulk.swollen_heads(ASK.replace(b"?x=1", b""))["long address"]


def test_padding_changes_no_meaning() -> None:
    assert json.loads(bulk.padded(b"{}")) == {}


def test_chunks_hold_the_body() -> None:
    assert bulk.chunked(b"abcde", 2) == b"2\r\nab\r\n2\r\ncd\r\n1\r\ne\r\n0\r\n\r\n"


def test_a_bomb_unfolds_a_hundredfold_to_a_document_of_the_same_meaning() -> None:
    bombs = bulk.bombs(b"{}")
    unfolded = [gzip.decompress(bombs["gzip"]), zlib.decompress(bombs["deflate"])]
    assert {len(b) for b in unfolded} == {bulk.INFLATED + 2}
    assert all(json.loads(b) == {} for b in unfolded)
    assert all(len(b) * 100 < bulk.INFLATED for b in bombs.values())


@pytest.mark.parametrize(("name", "sent"), bulk.hard_documents().items())
def test_a_hard_document_is_small(name: str, sent: bytes) -> None:
    assert len(sent) < 800 * bulk.KIB, name
    assert sent[:1] in (b"{", b"[")


def test_ranges_fit_in_a_header() -> None:
    assert all(len(v) < 4 * bulk.KIB for v in bulk.many_ranges().values())
    assert all(v.count("-") == bulk.RANGES for v in bulk.many_ranges().values())
