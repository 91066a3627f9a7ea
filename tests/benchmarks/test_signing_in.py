"""What the benchmark of detection gives to peers to sign in with is let in by real services."""

from __future__ import annotations

import importlib
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("fieldwork", "/api/account"),
        ("garage", "/client"),
        ("harbour", "/v2/me"),
        ("repairs", "/api/session"),
        ("timebank", "/v2/members/me"),
    ],
)
def test_both_users_are_let_in_and_are_not_the_same(
    monkeypatch: pytest.MonkeyPatch, name: str, path: str
) -> None:
    for folder in ("benchmarks/detection", "tests/targets"):
        monkeypatch.syspath_prepend(str(ROOT / folder))
    service = importlib.import_module("ground.target").service(name)
    headers = importlib.import_module("signing_in").headers
    with (
        importlib.import_module("ground.running").running(name) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        stranger = client.get(path)
        one, other = (client.get(path, headers=headers(service, p, url)) for p in service.users)
    assert not stranger.is_success
    assert one.status_code == other.status_code == 200
    assert one.text != other.text
