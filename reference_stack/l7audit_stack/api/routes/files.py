"""Files by path. The table says who owns a path; the file tree holds the bytes.

A path is looked up in the caller's tenant only, so that another tenant's file is simply not there.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from l7audit_stack.api.file_tree import (
    MAX_FILE,
    FileMissingError,
    PathRefusedError,
    PathTakenError,
    read_path,
)
from l7audit_stack.api.operation import Call, Operation, Output, RawBody, Reply
from l7audit_stack.api.owned import OwnedTable
from l7audit_stack.api.paging import PageQuery, next_cursor
from l7audit_stack.api.problems import Problem, not_found
from l7audit_stack.api.routes.shapes import caller
from l7audit_stack.api.security.bodies import invalid

MEDIA_TYPES = (
    "application/octet-stream",
    "application/json",
    "application/pdf",
    "text/csv",
    "text/markdown",
    "text/plain",
)
TAKEN = "path-taken"
MAX_FILES = 2_000
MAX_TOTAL = 268_435_456
"""Files of one tenant, and their bytes. Writers at the same moment may overshoot by one each."""

_COLUMNS = "id, owner_id, path, media_type, size, sha256, created_at, updated_at"
_FILES = OwnedTable("files", _COLUMNS, "file")
_LOCATED = (
    f"SELECT {_COLUMNS}, owner_id::text AS of_owner, tenant_id::text AS in_tenant"
    " FROM files WHERE tenant_id = $1::uuid AND lower(path) = lower($2)"
)


class FileInfo(Output, frozen=True):
    """What is known of a file. `size` is in bytes, `sha256` in hexadecimal."""

    id: UUID
    owner_id: UUID
    path: str
    media_type: str
    size: int
    sha256: str
    created_at: datetime
    updated_at: datetime


class FilePage(Output, frozen=True):
    """Files, newest first; `next_cursor` asks for what follows."""

    items: list[FileInfo]
    next_cursor: str | None


def _info(row: Any) -> FileInfo:
    return FileInfo(**{name: row[name] for name in FileInfo.__struct_fields__})


def _segments(call: Call) -> tuple[str, ...]:
    try:
        return read_path(call.path["path"])
    except PathRefusedError as error:
        raise invalid(str(error)) from None


def _require(call: Call, row: Any, permission: str) -> None:
    call.parts.policy.require(
        caller(call),
        permission,
        owner=row["of_owner"],
        tenant=row["in_tenant"],
        what="file",
    )


async def _located(call: Call, path: str, permission: str) -> Any:
    row = await call.parts.database.fetchrow(_LOCATED, caller(call).tenant, path)
    if row is None or row["path"] != path:
        raise not_found("file")
    _require(call, row, permission)
    return row


async def put(call: Call, *, replaces: bool = True) -> Reply:
    """Write a file: a new one is the caller's, an old one must be the caller's to change. Unless it
    `replaces`, a path that is taken is a problem."""
    segments = _segments(call)
    path, principal = "/".join(segments), caller(call)
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    digest = hashlib.sha256(call.body).hexdigest()
    await _check_room(call, path, len(call.body))
    async with call.parts.database.transaction() as connection:
        # The row stays locked until the bytes are in place: two writers of one path take turns.
        row = await connection.fetchrow(f"{_LOCATED} FOR UPDATE", principal.tenant, path)
        if row is not None:
            if not replaces:
                raise _taken("A file has that path.")
            _require(call, row, "files:write")
            if row["path"] != path:
                raise _taken("Another file has that path in another case.")
            row = await connection.fetchrow(
                "UPDATE files SET media_type = $2, size = $3, sha256 = $4, updated_at = now()"
                f" WHERE id = $1 RETURNING {_COLUMNS}",
                row["id"],
                media_type,
                len(call.body),
                digest,
            )
        else:
            row = await connection.fetchrow(
                "INSERT INTO files (tenant_id, owner_id, path, media_type, size, sha256)"
                " VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6)"
                f" ON CONFLICT (tenant_id, lower(path)) DO NOTHING RETURNING {_COLUMNS}",
                principal.tenant,
                principal.id,
                path,
                media_type,
                len(call.body),
                digest,
            )
            if row is None:
                raise _taken("Somebody else is writing a file of that path.")
        try:
            await asyncio.to_thread(
                call.parts.files.write, UUID(principal.tenant), segments, call.body
            )
        except PathTakenError as error:
            raise _taken(str(error)) from None
    return Reply(_info(row))


async def _check_room(call: Call, path: str, size: int) -> None:
    row = await call.parts.database.fetchrow(
        "SELECT count(*) AS files, COALESCE(sum(size), 0)::bigint AS bytes FROM files"
        " WHERE tenant_id = $1::uuid AND lower(path) <> lower($2)",
        caller(call).tenant,
        path,
    )
    if row["files"] >= MAX_FILES or row["bytes"] + size > MAX_TOTAL:
        raise Problem(409, "quota-exceeded", "The tenant's room for files is used up.")


def _taken(sentence: str) -> Problem:
    return Problem(409, TAKEN, sentence)


async def get(call: Call) -> Reply:
    """The file's bytes, for saving: never as a type that a browser would show or run."""
    segments = _segments(call)
    await _located(call, "/".join(segments), "files:read")
    try:
        content = await asyncio.to_thread(
            call.parts.files.read, UUID(caller(call).tenant), segments
        )
    except FileMissingError:
        raise not_found("file") from None
    return Reply(
        content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": "attachment"},
    )


async def remove(call: Call) -> Reply:
    """Delete a file."""
    segments = _segments(call)
    row = await _located(call, "/".join(segments), "files:write")
    async with call.parts.database.transaction() as connection:
        await connection.execute("DELETE FROM files WHERE id = $1", row["id"])
        await asyncio.to_thread(call.parts.files.remove, UUID(caller(call).tenant), segments)
    return Reply(status=204)


async def index(call: Call) -> Reply:
    """One page of the tenant's files."""
    query: PageQuery = call.query
    rows = await _FILES.page(call, query, "files:read")
    items = [_info(row) for row in rows[: query.limit]]
    return Reply(FilePage(items=items, next_cursor=next_cursor(rows, query.limit)))


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="files.list",
        method="GET",
        path="/v1/files",
        handler=index,
        summary="List the tenant's files, newest first.",
        tag="files",
        permission="files:read",
        query=PageQuery,
        answer=FilePage,
    ),
    Operation(
        name="files.put",
        method="PUT",
        path="/v1/files/{path:path}",
        handler=put,
        summary="Write a file at a path.",
        tag="files",
        permission="files:write",
        body=RawBody(MEDIA_TYPES, MAX_FILE),
        answer=FileInfo,
        limit="upload",
    ),
    Operation(
        name="files.get",
        method="GET",
        path="/v1/files/{path:path}",
        handler=get,
        summary="Read the file at a path.",
        tag="files",
        permission="files:read",
        answer=bytes,
        answer_media_type="application/octet-stream",
    ),
    Operation(
        name="files.delete",
        method="DELETE",
        path="/v1/files/{path:path}",
        handler=remove,
        summary="Delete the file at a path.",
        tag="files",
        permission="files:write",
        status=204,
    ),
)
