"""What a supervisor tells the process that started it: JSON lines on its standard output."""

from __future__ import annotations

import os

import msgspec


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """Something has got ready. `seconds` since the supervisor began."""

    text: str
    seconds: float


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The stack serves."""

    seconds: float


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The stack could not be started; `error` is for the user."""

    error: str


Event = Progress | Ready | Failed
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class Announcer:
    """Writes events until `end`, or until nobody reads them any more."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def tell(self, event: Event) -> None:
        """Send one event."""
        try:
            os.write(self._descriptor, msgspec.json.encode(event) + b"\n")
        except BrokenPipeError:
            self.end()

    def end(self) -> None:
        """Nothing more will come; writing on goes nowhere."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, self._descriptor)
        os.close(nothing)


def read_event(line: bytes) -> Event:
    """Parse one line."""
    return _decoder.decode(line)
