"""Cabins that an older version still shows, though no document names it any more."""

from __future__ import annotations

from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import CheckEnded, Violation, of_type
from l7audit.model import Verdict

KEYS = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}
TEXT = {"type": "string", "maxLength": 60}
JSON = {"application/json": {"schema": {"type": "object"}}}
HOME = {"type": "object", "properties": {"note": TEXT}, "required": ["note"]}


def _told(status: str = "200", takes: Any = None) -> Any:
    body = {"requestBody": {"content": {"application/json": {"schema": takes}}}} if takes else {}
    return {"responses": {status: {"description": "Done", "content": JSON}}, **body}


def document(current: str, server: str = "") -> str:
    """What is told of the current version, below a server's path or with its own."""
    slot = [{"name": "cabin_id", "in": "path", "required": True, "schema": TEXT}]
    paths = {
        f"{current}/cabins": {"get": _told(), "post": _told("201", HOME)},
        f"{current}/cabins/{{cabin_id}}": {"get": _told(), "delete": _told(), "parameters": slot},
    }
    text = guarded("Cabins", paths)
    return (
        text.replace('"paths"', f'"servers": [{{"url": "{server}"}}], "paths"') if server else text
    )


class Cabins:
    """Lets cabins. `old` is where an older version answers, and `guard` whom it shows them: `none`
    everybody, `key` whoever has one, `owner` as now, `page` everybody, but nothing of anybody's."""

    def __init__(self, current: str, old: str, guard: str) -> None:
        self.current, self.old, self.guard = current, old, guard
        self.kept: dict[str, dict[str, str]] = {}
        self.strays: list[str] = []
        for who in KEYS.values():
            self._let(who, f"{who}'s own")

    def _let(self, who: str, note: str) -> dict[str, str]:
        cabin = {"id": f"c-{len(self.kept) * 7919 + 104729}", "guest": who, "note": note}
        self.kept[cabin["id"]] = cabin
        return cabin

    def answer(self, method: str, path: str, headers: Message, body: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        for version, guard in ((self.current, "owner"), (self.old, self.guard)):
            if path.startswith(f"{version}/cabins"):
                rest = path.removeprefix(f"{version}/cabins").strip("/")
                return self._answered(method, rest, who, guard, body)
        self.strays.append(path)
        return said(404, {"error": "no such page"})

    def _answered(self, method: str, key: str, who: str | None, guard: str, body: Any) -> Answer:
        if guard == "page":
            return said(200, {"message": "This version has ended."})
        if who is None and guard != "none":
            return said(401, {"error": "no"})
        mine = {k: c for k, c in self.kept.items() if guard in {"none", "key"} or c["guest"] == who}
        if key and key not in mine:
            return said(404, {"error": "no such cabin"})
        if method == "POST" and who and isinstance(body, dict):
            return said(201, self._let(who, str(body.get("note"))))
        if method == "DELETE":
            del self.kept[key]
            return 204, b"", {}
        return said(200, mine[key] if key else {"cabins": list(mine.values())})


def _found(log: Path, cabins: Cabins, told: str) -> tuple[set[str], list[Verdict]]:
    with served(cabins.answer) as url:
        target = stranger("cabins", url, [keyed(n, k) for k, n in KEYS.items()])
        records = audited(str(log), target, told, ["EXPOSE-11"])
    verdicts = [e.verdict for e in of_type(records, CheckEnded)]
    return {v.place.operation for v in of_type(records, Violation)}, verdicts


WHERE = [
    ("/v2", "", "/v2", "/v1"),
    ("/v2", "", "/v2", "/api/v1"),
    ("", "/v3", "/v3", "/v2"),
    ("", "", "", "/v1"),
    ("", "", "", "/api/v1"),
    ("/api", "", "/api", "/api/v0"),
]


@pytest.mark.parametrize(
    ("where", "guard"), [*((w, "none") for w in WHERE), (WHERE[0], "key"), (WHERE[3], "key")]
)
def test_an_old_version_that_nothing_names_is_found_where_it_guards_less(
    tmp_path: Path, where: tuple[str, str, str, str], guard: str
) -> None:
    paths, server, current, old = where
    cabins = Cabins(current, old, guard)
    found, _ = _found(tmp_path / "log", cabins, document(paths, server))
    one = f"GET {old}/cabins/{{cabin_id}}"
    assert found == ({one, f"GET {old}/cabins"} if guard == "none" else {one})
    assert {c["note"] for c in cabins.kept.values()} == {"ada's own", "bob's own"}


@pytest.mark.parametrize("guard", ["owner", "page"])
@pytest.mark.parametrize("where", [WHERE[0], WHERE[3]])
def test_one_that_guards_as_much_or_shows_nothing_is_no_finding(
    tmp_path: Path, where: tuple[str, str, str, str], guard: str
) -> None:
    paths, server, current, old = where
    found, verdicts = _found(tmp_path / "log", Cabins(current, old, guard), document(paths, server))
    assert (found, verdicts) == (set(), [Verdict.PASS])


def test_where_nothing_tells_of_versions_few_paths_are_tried(tmp_path: Path) -> None:
    cabins = Cabins("", "/gone", "owner")
    _found(tmp_path / "log", cabins, document(""))
    tried = [p for p in cabins.strays if "/v0/" in p or "/v1/" in p]
    assert 3 <= len(tried) <= 6
