"""Documents: texts that a tenant keeps, to be found again by words and by meaning (search.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import asyncpg
import msgspec

from l7audit_stack.api.embedding import embed
from l7audit_stack.api.operation import Call, Input, Operation, Output, RawBody, Reply
from l7audit_stack.api.owned import OwnedTable
from l7audit_stack.api.paging import PageQuery, next_cursor
from l7audit_stack.api.routes.shapes import Name, caller, identifier
from l7audit_stack.api.security.bodies import invalid
from l7audit_stack.api.xml_text import XmlReader, XmlRefusedError

MEDIA_TYPES = ("text/plain", "text/markdown", "application/json", "application/xml")
MAX_BYTES = 262_144
"""A longer text could exceed what PostgreSQL's word index holds for one row."""

MediaType = Literal["text/plain", "text/markdown", "application/json", "application/xml"]
_COLUMNS = "id, owner_id, title, media_type, size, created_at"
_DOCUMENTS = OwnedTable("documents", _COLUMNS, "document")
_WITH_CONTENT = OwnedTable("documents", f"{_COLUMNS}, content", "document")


class UploadQuery(Input, frozen=True):
    """What an upload says of its text."""

    title: Name


class Document(Output, frozen=True):
    """A document without its text. `size` is in bytes of UTF-8."""

    id: UUID
    owner_id: UUID
    title: str
    media_type: MediaType
    size: int
    created_at: datetime


class DocumentWithContent(Document, frozen=True):
    """A document with its text."""

    content: str


class DocumentPage(Output, frozen=True):
    """Documents, newest first; `next_cursor` asks for what follows."""

    items: list[Document]
    next_cursor: str | None


def _document(row: Any) -> Document:
    return Document(**{name: row[name] for name in Document.__struct_fields__})


async def title(call: Call, key: UUID) -> str:
    """The title of a document that the caller may read; raises as `OwnedTable.find`."""
    text: str = (await _DOCUMENTS.find(call, key, "documents:read"))["title"]
    return text


async def upload(call: Call) -> Reply:
    """Keep a text that the caller then owns."""
    query: UploadQuery = call.query
    principal = caller(call)
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    content = _read(call.body, media_type, call.parts.xml)
    embedding = await embed(f"{query.title}\n{content}", call.parts.llm)
    try:
        row = await call.parts.database.fetchrow(
            "INSERT INTO documents"
            " (tenant_id, owner_id, title, media_type, content, size, embedding_model, embedding)"
            " VALUES ($1::uuid, $2::uuid, $3, $4, $5, $6, $7, $8::text::vector)"
            f" RETURNING {_COLUMNS}",
            principal.tenant,
            principal.id,
            query.title,
            media_type,
            content,
            len(call.body),
            embedding.model,
            embedding.literal(),
        )
    except asyncpg.ProgramLimitExceededError:
        raise invalid("The text has too many different words to be indexed.") from None
    document = _document(row)
    return Reply(document, status=201, headers={"Location": f"/v1/documents/{document.id}"})


def _read(body: bytes, media_type: str, xml: XmlReader) -> str:
    """The text that is kept: of XML what stands between its tags, of all else the whole."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise invalid("The text must be UTF-8.") from None
    if not text or "\x00" in text:
        raise invalid("The text must not be empty nor hold a NUL.")
    if media_type == "application/json":
        try:
            msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            raise invalid("The text is not valid JSON.") from None
    if media_type == "application/xml":
        try:
            text = xml.text(body)
        except XmlRefusedError as error:
            raise invalid(str(error)) from None
        if not text:
            raise invalid("The XML holds no text.")
    return text


async def index(call: Call) -> Reply:
    """One page of the tenant's documents."""
    query: PageQuery = call.query
    rows = await _DOCUMENTS.page(call, query, "documents:read")
    items = [_document(row) for row in rows[: query.limit]]
    return Reply(DocumentPage(items=items, next_cursor=next_cursor(rows, query.limit)))


async def show(call: Call) -> Reply:
    """One document with its text."""
    key = identifier(call.path, "document_id", "document")
    row = await _WITH_CONTENT.find(call, key, "documents:read")
    names = DocumentWithContent.__struct_fields__
    return Reply(DocumentWithContent(**{name: row[name] for name in names}))


async def remove(call: Call) -> Reply:
    """Delete a document."""
    key = identifier(call.path, "document_id", "document")
    await _DOCUMENTS.remove(call, key, "documents:write")
    return Reply(status=204)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="documents.upload",
        method="POST",
        path="/v1/documents",
        handler=upload,
        summary="Upload a text (UTF-8) to keep and search; of XML its text is kept.",
        tag="documents",
        permission="documents:write",
        query=UploadQuery,
        body=RawBody(MEDIA_TYPES, MAX_BYTES),
        answer=Document,
        status=201,
        limit="upload",
    ),
    Operation(
        name="documents.list",
        method="GET",
        path="/v1/documents",
        handler=index,
        summary="List the tenant's documents, newest first.",
        tag="documents",
        permission="documents:read",
        query=PageQuery,
        answer=DocumentPage,
    ),
    Operation(
        name="documents.show",
        method="GET",
        path="/v1/documents/{document_id}",
        handler=show,
        summary="Show a document with its text.",
        tag="documents",
        permission="documents:read",
        answer=DocumentWithContent,
    ),
    Operation(
        name="documents.delete",
        method="DELETE",
        path="/v1/documents/{document_id}",
        handler=remove,
        summary="Delete a document.",
        tag="documents",
        permission="documents:write",
        status=204,
    ),
)
