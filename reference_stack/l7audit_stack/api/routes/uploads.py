"""Files that come in a form, as browsers send them: each under the name that it brings along.

A name is no path: one that holds another character than a file's name may have is refused, never
mended. Nothing is replaced: a file whose name is taken gets a mark into its name.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import quote

from l7audit_stack.api.file_tree import MAX_FILE, PathRefusedError, read_path
from l7audit_stack.api.form_data import MEDIA_TYPE, FormPart, FormRefusedError
from l7audit_stack.api.operation import Call, Operation, RawBody, Reply
from l7audit_stack.api.problems import Problem
from l7audit_stack.api.routes import files
from l7audit_stack.api.security.bodies import invalid

MEMBER = "file"
_FORM = {
    "type": "object",
    "properties": {
        MEMBER: {"type": "string", "contentMediaType": "application/octet-stream"},
    },
    "required": [MEMBER],
    "additionalProperties": False,
}


async def upload(call: Call) -> Reply:
    """Keep the form's file under its own name."""
    part = await the_file(call)
    try:
        segments = read_path(part.filename or "")
    except PathRefusedError as error:
        raise invalid(str(error)) from None
    if len(segments) > 1:
        raise invalid("The name of a file is no path")
    return await keep(call, segments[0], part)


async def the_file(call: Call) -> FormPart:
    """The one file that the form holds. Raises a problem for any other form."""
    content_type = call.headers.get("content-type", "")
    try:
        parts = await asyncio.to_thread(call.parts.forms.read, call.body, content_type)
    except FormRefusedError as error:
        raise Problem(400, "form-malformed", str(error)) from None
    if [part.name for part in parts] != [MEMBER] or parts[0].filename is None:
        raise invalid(f"The form holds one file, and it is called {MEMBER}")
    if parts[0].media_type not in files.MEDIA_TYPES:
        raise Problem(415, "media-type-not-supported", f"Send {' or '.join(files.MEDIA_TYPES)}.")
    return parts[0]


async def keep(call: Call, name: str, part: FormPart) -> Reply:
    """Write a new file of the caller's, and say where it is."""
    one = replace(
        call, path={"path": name}, body=part.content, headers={"content-type": part.media_type}
    )
    try:
        written = await files.put(one, replaces=False)
    except Problem as problem:
        if problem.slug != files.TAKEN:
            raise
        written = await files.put(replace(one, path={"path": _marked(name)}), replaces=False)
    place = f"/v1/files/{quote(written.content.path)}"
    return Reply(written.content, status=201, headers={"Location": place})


def _marked(name: str) -> str:
    path = PurePosixPath(name)
    return f"{path.stem[:80]}-{secrets.token_hex(4)}{path.suffix[:12]}"


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="uploads.keep",
        method="POST",
        path="/v1/uploads",
        handler=upload,
        summary="Keep the file of a form under its own name.",
        tag="files",
        permission="files:write",
        body=RawBody((MEDIA_TYPE,), MAX_FILE, schema=_FORM),
        answer=files.FileInfo,
        status=201,
        limit="upload",
    ),
)
