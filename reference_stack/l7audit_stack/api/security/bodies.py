"""Strict input: how much is read, how deep it goes, and that it is exactly what was declared."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from l7audit_stack.api.operation import Input, Operation, RawBody
from l7audit_stack.api.problems import Problem

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class ClientGoneError(Exception):
    """The client closed the connection before its body was complete."""


class _DuplicateKeyError(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise _DuplicateKeyError


@dataclass(frozen=True)
class BodyReader:
    """Reads and validates bodies and queries. `timeout` (seconds) bounds the whole body."""

    max_bytes: int = 1_048_576
    max_depth: int = 32
    timeout: float = 10.0

    async def read(self, operation: Operation, headers: Mapping[str, str], receive: Receive) -> Any:
        """The validated body: an Input, bytes for a RawBody, None where none is declared."""
        declared = operation.body
        if declared is None:
            self.refuse_body(headers)
            return None
        if isinstance(declared, RawBody):
            self.check_media_type(headers, declared.media_types)
            return await self.receive(headers, receive, declared.max_bytes)
        self.check_media_type(headers, (operation.body_media_type,))
        raw = await self.receive(headers, receive, self.max_bytes)
        if operation.body_media_type == "application/x-www-form-urlencoded":
            return self.form(raw, declared)
        return self.json(raw, declared)

    def refuse_body(self, headers: Mapping[str, str]) -> None:
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            raise Problem(400, "body-not-expected", "This operation takes no body.")

    def check_media_type(self, headers: Mapping[str, str], allowed: tuple[str, ...]) -> None:
        given = headers.get("content-type", "")
        kind, _, parameters = given.partition(";")
        right = kind.strip().lower() in allowed
        charset = parameters.strip().lower().replace('"', "")
        if charset.startswith("charset=") and charset != "charset=utf-8":
            right = False
        if not right or headers.get("content-encoding", "identity") != "identity":
            raise Problem(
                415, "media-type-not-supported", f"Send {' or '.join(allowed)}, not compressed."
            )

    async def receive(self, headers: Mapping[str, str], receive: Receive, most: int) -> bytes:
        """The whole body; 413 as soon as it is known to be too long, 408 when it is too slow."""
        if int(headers.get("content-length", "0")) > most:
            raise self.too_large(most)
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.timeout):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGoneError
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size > most:
                        raise self.too_large(most)
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError as error:
            raise Problem(
                408,
                "body-too-slow",
                "The body did not arrive in time.",
                headers={"Connection": "close"},
            ) from error

    def too_large(self, most: int) -> Problem:
        return Problem(
            413,
            "body-too-large",
            f"The body has at most {most} bytes here.",
            headers={"Connection": "close"},
        )

    def json(self, raw: bytes, shape: type[Input]) -> Any:
        """Decode and validate a JSON body: depth, duplicate keys and NULs before the schema."""
        self.check_depth(raw)
        self.check_text(raw)
        try:
            return msgspec.json.decode(raw, type=shape)
        except msgspec.ValidationError as error:
            raise invalid(str(error)) from error
        except msgspec.DecodeError as error:
            raise Problem(400, "json-malformed", "The body is not valid JSON.") from error

    def check_depth(self, raw: bytes) -> None:
        if raw.count(b"{") + raw.count(b"[") <= self.max_depth:
            return
        depth = 0
        for token in _TOKENS.finditer(raw):
            mark = token.group()
            if mark in (b"{", b"["):
                depth += 1
                if depth > self.max_depth:
                    raise Problem(
                        400, "json-too-deep", f"The body nests deeper than {self.max_depth} levels."
                    )
            elif mark in (b"}", b"]"):
                depth -= 1

    def check_text(self, raw: bytes) -> None:
        if _NUL.search(raw):
            raise invalid("Text must not hold the character U+0000")
        try:
            json.loads(raw, object_pairs_hook=_unique)
        except _DuplicateKeyError as error:
            raise Problem(400, "json-duplicate-key", "An object names a key twice.") from error
        except (ValueError, RecursionError) as error:
            raise Problem(400, "json-malformed", "The body is not valid JSON.") from error

    def form(self, raw: bytes, shape: type[Input]) -> Any:
        return self.pairs(raw, shape)

    def query(self, raw: bytes, shape: type[Input] | None) -> Any:
        """The validated query; a parameter that nobody declared is refused."""
        if not raw:
            return None if shape is None else self.pairs(raw, shape)
        if shape is None:
            raise invalid("This operation takes no query parameters")
        return self.pairs(raw, shape)

    def pairs(self, raw: bytes, shape: type[Input]) -> Any:
        lists = {
            name
            for name, kind in shape.__annotations__.items()
            if str(kind).startswith(("list", "tuple"))
        }
        values: dict[str, Any] = {}
        try:
            text = raw.decode("ascii")
            items = parse_qsl(
                text,
                keep_blank_values=True,
                strict_parsing=bool(text),
                errors="strict",
                max_num_fields=100,
            )
        except ValueError as error:
            raise Problem(400, "parameters-malformed", "The parameters are malformed.") from error
        for name, value in items:
            if "\0" in value:
                raise invalid("Text must not hold the character U+0000")
            if name in lists:
                values.setdefault(name, []).append(value)
            elif name in values:
                raise invalid("A parameter is given twice")
            else:
                values[name] = value
        try:
            return msgspec.convert(values, shape, strict=False)
        except msgspec.ValidationError as error:
            raise invalid(str(error)) from error


def invalid(detail: str) -> Problem:
    return Problem(422, "input-invalid", detail.rstrip(".") + ".")
