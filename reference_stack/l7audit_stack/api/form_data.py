"""Forms with files in them (multipart/form-data, RFC 7578), read within bounds.

The library finds the parts. What a part calls itself is read here, in one spelling only: programs
differ about a name that is given twice, or in the form that RFC 7578 forbids, and where a check
and a use read different names the check guards nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MEDIA_TYPE = "multipart/form-data"
_BOUNDARY = re.compile(
    MEDIA_TYPE + r"""\s*;\s*boundary=("?)([A-Za-z0-9'()+_,./:=?-]{1,70})\1\s*""", re.IGNORECASE
)
_TEXT = r'"[^"\x00-\x1f\x7f]*"|[^\s";\x00-\x1f\x7f]+'
_PARAMETER = re.compile(rf"\s*;\s*(name|filename)=({_TEXT})", re.IGNORECASE)
_DISPOSITION = re.compile(rf"form-data(?:{_PARAMETER.pattern})+\s*", re.IGNORECASE)
_AS_IT_IS = {"7bit", "8bit", "binary"}


class FormRefusedError(ValueError):
    """The form can't be taken. The message is one sentence for the caller."""


@dataclass(frozen=True, slots=True)
class FormPart:
    """One part. `filename` is as the caller wrote it, None for a field that is no file."""

    name: str
    filename: str | None
    media_type: str
    content: bytes


@dataclass(frozen=True)
class FormReader:
    """Reads whole forms: at most so many parts, of so many header lines of so many bytes each."""

    max_parts: int = 4
    max_headers: int = 4
    max_header_bytes: int = 1024

    def read(self, body: bytes, content_type: str) -> list[FormPart]:
        """The parts in order. Raises FormRefusedError for what is no such form, or too much."""
        boundary = _BOUNDARY.fullmatch(content_type.strip())
        if boundary is None:
            raise FormRefusedError("The media type names one boundary, and nothing else.")
        found = _Parts(self.max_parts)
        parser = MultipartParser(
            boundary.group(2),
            found.callbacks(),
            max_header_count=self.max_headers,
            max_header_size=self.max_header_bytes,
        )
        try:
            parser.write(body)
            parser.finalize()
        except FormParserError:
            raise FormRefusedError("The form is malformed.") from None
        if not found.ended:
            raise FormRefusedError("The form is cut short.")
        return [self._part(part) for part in found.parts]

    def _part(self, raw: _RawPart) -> FormPart:
        headers = raw.headers()
        if headers.get("content-transfer-encoding", "binary").lower() not in _AS_IT_IS:
            raise FormRefusedError("A part is sent as it is, without a transfer encoding.")
        name, filename = self.names(headers.get("content-disposition", ""))
        media_type = headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
        return FormPart(name, filename, media_type, b"".join(raw.content))

    def names(self, disposition: str) -> tuple[str, str | None]:
        """What a part is called, and what its file is called where it is one."""
        if _DISPOSITION.fullmatch(disposition) is None:
            raise FormRefusedError("A part gives its name and the file's plainly, and no more.")
        given = _PARAMETER.findall(disposition)
        told = {name.lower(): value.strip('"') for name, value in given}
        if len(told) != len(given) or "name" not in told:
            raise FormRefusedError("A part has one name, and a file one name of its own.")
        return told["name"], told.get("filename")


@dataclass(slots=True)
class _RawPart:
    lines: list[tuple[list[bytes], list[bytes]]] = field(default_factory=list)
    content: list[bytes] = field(default_factory=list)

    def headers(self) -> dict[str, str]:
        try:
            pairs = [(b"".join(n).decode("ascii"), b"".join(v).decode()) for n, v in self.lines]
        except UnicodeDecodeError:
            raise FormRefusedError("The headers of a part are UTF-8.") from None
        headers = {name.lower(): value.strip() for name, value in pairs}
        if len(headers) != len(pairs):
            raise FormRefusedError("A part has each header once.")
        return headers


@dataclass(slots=True)
class _Parts:
    """What the parser calls as it finds the parts."""

    most: int
    parts: list[_RawPart] = field(default_factory=list)
    ended: bool = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_begin": lambda: self.parts[-1].lines.append(([], [])),
            "on_header_field": lambda d, s, e: self.parts[-1].lines[-1][0].append(d[s:e]),
            "on_header_value": lambda d, s, e: self.parts[-1].lines[-1][1].append(d[s:e]),
            "on_part_data": lambda d, s, e: self.parts[-1].content.append(d[s:e]),
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) >= self.most:
            raise FormRefusedError(f"A form has at most {self.most} parts.")
        self.parts.append(_RawPart())

    def _end(self) -> None:
        self.ended = True
