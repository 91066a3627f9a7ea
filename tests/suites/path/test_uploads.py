from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from l7audit.probe.answer import Answer, Headers
from l7audit.probe.request import Auth, Request
from l7audit.target.operation import MULTIPART, Operation
from l7audit.target.schemas import Schema
from l7audit.target.surface import Surface
from l7audit_suites.path.uploads import HARMLESS, handing_in, hostile, runs


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


class Anybody:
    """A caller without a credential."""

    def auth(self, _: Surface) -> Auth:
        return Auth.none()


def handed_in(media: str, **members: Schema) -> Request:
    schema = {"type": "object", "properties": members}
    surface = Surface(Operation("upload", "POST", "/files", bodies={media: schema}))
    anybody: Any = Anybody()
    return handing_in(anybody, surface, HARMLESS[1])[0]


def test_a_file_within_json_is_encoded_beside_its_name_and_type() -> None:
    text = {"type": "string"}
    sent = json.loads(
        handed_in(
            "application/json",
            fileName=text,
            contentType=text,
            data={**text, "format": "byte"},
            note=text,
        ).content
    )
    assert base64.b64decode(sent["data"]) == HARMLESS[1].content
    assert sent["fileName"].endswith(".pdf")
    assert sent["contentType"] == "application/pdf"
    assert "note" not in sent


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "format": "binary"},
        {"type": "string", "contentMediaType": "application/octet-stream"},
        {"type": "array", "items": {"type": "string", "format": "binary"}},
    ],
)
def test_a_file_of_a_form_is_the_member_that_takes_one(schema: Schema) -> None:
    request = handed_in(MULTIPART, note={"type": "string"}, photos=schema)
    assert b'name="photos"; filename="l7audit-' in request.content


def test_a_file_of_a_form_is_sent_as_it_is() -> None:
    request = handed_in(MULTIPART, file={"type": "string", "format": "binary"})
    assert HARMLESS[1].content in request.content
