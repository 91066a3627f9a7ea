from __future__ import annotations

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Request
from l7audit_suites.path.uploads import HARMLESS, hostile, runs


def answered(status: int = 200, **headers: str) -> Answer:
    fields = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(Request("GET", "/"), status, fields, b"<script></script>")


@pytest.mark.parametrize(
    ("answer", "runs_it"),
    [
        (answered(Content_Type="text/html"), True),
        (answered(Content_Type="image/svg+xml"), True),
        (answered(), True),
        (answered(Content_Type="text/plain"), False),
        (answered(Content_Type="application/pdf"), False),
        (answered(Content_Type="text/html", Content_Disposition="attachment"), False),
        (answered(Content_Type="text/html", Content_Security_Policy="sandbox"), False),
        (answered(404, Content_Type="text/html"), False),
    ],
)
def test_only_active_types_that_are_shown_in_place_run(answer: Answer, runs_it: bool) -> None:
    assert runs(answer) is runs_it


def test_each_hostile_file_holds_its_mark_and_pretends_in_its_own_way() -> None:
    files = hostile("mark", HARMLESS[1])
    assert all(b"mark" in file.content for file in files.values())
    assert len({(file.ending, file.media) for file in files.values()}) == len(files)
