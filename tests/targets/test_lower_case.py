"""A server that folds the case of methods, before anything asks which method it is."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from small_server import KEY_HEADER, Answer, audited, guarded, keyed, said, served, stranger

from l7audit.journal import Violation, of_type
from l7audit.model import Confidence

KEYS: Mapping[str, str] = {"key-of-ada-1815": "ada", "key-of-bob-1906": "bob"}
DONE = {"responses": {"200": {"description": "Done"}}}
DOCUMENT = guarded("Notes", {"/me": {"get": DONE}})


@pytest.mark.parametrize("folds", [False, True])
def test_a_method_in_lower_case_is_a_weak_sign(tmp_path: Path, folds: bool) -> None:
    def answer(method: str, _: str, headers: Message, __: Any) -> Answer:
        who = KEYS.get(str(headers.get(KEY_HEADER)))
        if who is None:
            return said(401, {"error": "no"})
        if (method.upper() if folds else method) != "GET":
            return said(405, {"error": "not offered"})
        return said(200, {"name": who, "text": f"what only {who} is told"})

    people = [keyed(name, key) for key, name in KEYS.items()]
    with served(answer) as url:
        target = stranger("notes", url, people)
        records = audited(str(tmp_path / "log"), target, DOCUMENT, ("PEN-07",))
    found = {(v.place.part, v.confidence) for v in of_type(records, Violation)}
    assert found == ({("method get", Confidence.WEAK)} if folds else set())
