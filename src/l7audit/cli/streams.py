"""What is written to the terminal: safe text, on streams that outlive their reader."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import BinaryIO, TextIO


def one_line(text: str) -> str:
    """Text without line breaks and control characters: a target's words can't move a cursor."""
    return " ".join(printable(text).split())


def printable(text: str) -> str:
    """Text whose control, bidirectional and invisible characters are replaced; breaks stay."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


class PatientStream(io.TextIOBase):
    """A stream that goes on in silence once its reader has gone.

    `l7audit run | head` must audit to the end and give the gate's exit code, not a broken pipe.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self._stream.errors

    @property
    def buffer(self) -> BinaryIO:
        """For completion scripts, which click writes as bytes."""
        return self._stream.buffer

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._fall_silent()
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._fall_silent()

    def _fall_silent(self) -> None:
        """Points the descriptor at nothing, so that what is still buffered can be flushed."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, self._stream.fileno())
        os.close(nothing)


def keep_streams_open() -> None:
    """Makes stdout and stderr patient, able to take any character, and there (`>&-` closes one)."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name) or Path(os.devnull).open("w")  # noqa: SIM115 - open for good
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        if not isinstance(stream, PatientStream):
            setattr(sys, name, PatientStream(stream))
