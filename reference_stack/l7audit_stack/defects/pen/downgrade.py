"""HTTP/2 that is written out in HTTP/1.1 without a look at what stands in its fields."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import hpack
from hyperframe.frame import DataFrame, Frame, HeadersFrame, PingFrame, SettingsFrame

from l7audit_stack.api.http_protocol import QuickProtocol
from l7audit_stack.defects.defect import ASGIApp, Defect
from l7audit_stack.defects.edge import connection_manager
from l7audit_stack.defects.pen.parser import WithProtocol

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEAD = 9
_PIECE = 16_384
Fields = list[tuple[bytes, bytes]]


@dataclass
class _Translator:
    """Both sides of one connection: frames in, requests out; answers in, frames out.

    Answers go to streams in the order in which both come. That holds as long as every stream is
    one request, and that is what nobody looks at.
    """

    unread: bytes = b""
    heads: dict[int, Fields] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    waiting: deque[int] = field(default_factory=deque)
    answers: bytes = b""
    decoder: hpack.Decoder = field(default_factory=hpack.Decoder)
    encoder: hpack.Encoder = field(default_factory=hpack.Encoder)

    def taken(self, data: bytes) -> tuple[bytes, bytes]:
        """The requests that are whole now, and frames to send at once."""
        self.unread += data
        requests = replies = b""
        while len(self.unread) >= _HEAD:
            frame, length = Frame.parse_frame_header(memoryview(self.unread[:_HEAD]))
            if len(self.unread) < _HEAD + length:
                break
            frame.parse_body(memoryview(self.unread[_HEAD : _HEAD + length]))
            self.unread = self.unread[_HEAD + length :]
            if isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
                replies += (
                    SettingsFrame(0).serialize() + SettingsFrame(0, flags=["ACK"]).serialize()
                )
            elif isinstance(frame, PingFrame) and "ACK" not in frame.flags:
                replies += PingFrame(0, frame.opaque_data, flags=["ACK"]).serialize()
            elif isinstance(frame, HeadersFrame):
                self.heads[frame.stream_id] = list(self.decoder.decode(frame.data, raw=True))
            elif isinstance(frame, DataFrame):
                before = self.contents.get(frame.stream_id, b"")
                self.contents[frame.stream_id] = before + frame.data
            if "END_STREAM" in frame.flags and frame.stream_id in self.heads:
                self.waiting.append(frame.stream_id)
                requests += self._written(frame.stream_id)
        return requests, replies

    def _written(self, stream: int) -> bytes:
        """A request as HTTP/1.1, its fields as they are."""
        fields, content = self.heads.pop(stream), self.contents.pop(stream, b"")
        told = {name: value for name, value in fields if name.startswith(b":")}
        lines = [b"%b %b HTTP/1.1" % (told[b":method"], told[b":path"])]
        lines.append(b"host: " + told.get(b":authority", b""))
        lines += [b"%b: %b" % pair for pair in fields if not pair[0].startswith(b":")]
        framing = {b"content-length", b"transfer-encoding"}
        if content and not framing & {name for name, _ in fields}:
            lines.append(b"content-length: %d" % len(content))
        return b"\r\n".join(lines) + b"\r\n\r\n" + content

    def answered(self, data: bytes) -> bytes:
        """Frames for the answers that are whole now and have a stream to go to."""
        self.answers += data
        frames = b""
        while self.waiting:
            head, end, rest = self.answers.partition(b"\r\n\r\n")
            first, *lines = head.split(b"\r\n")
            pairs = [line.partition(b":") for line in lines]
            fields = [(name.lower(), value.strip()) for name, _, value in pairs]
            length = int(dict(fields).get(b"content-length", b"0"))
            if not end or len(rest) < length:
                break
            self.answers = rest[length:]
            kept = [pair for pair in fields if pair[0] not in {b"connection", b"keep-alive"}]
            frames += self._framed(
                self.waiting.popleft(), first.split(b" ")[1], kept, rest[:length]
            )
        return frames

    def _framed(self, stream: int, status: bytes, fields: Fields, content: bytes) -> bytes:
        head = HeadersFrame(stream, flags=["END_HEADERS"])
        head.data = self.encoder.encode([(b":status", status), *fields])
        pieces = [content[at : at + _PIECE] for at in range(0, len(content), _PIECE)] or [b""]
        frames = [DataFrame(stream, piece) for piece in pieces]
        frames[-1].flags.add("END_STREAM")
        return bytes(head.serialize()) + b"".join(frame.serialize() for frame in frames)


class _Outlet:
    """A transport that gives what is written to a translator."""

    def __init__(self, transport: Any, translator: _Translator) -> None:
        self._transport = transport
        self._translator = translator

    def write(self, data: bytes) -> None:
        self._transport.write(self._translator.answered(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Downgrading(QuickProtocol):
    """Speaks HTTP/1.1, and HTTP/2 with those who begin with it."""

    translator: _Translator | None = None
    begun: bytes = b""

    def data_received(self, data: bytes) -> None:
        if self.translator is None:
            self.begun += data
            if _PREFACE.startswith(self.begun):
                return  # too little to tell
            data, self.begun = self.begun, b""
            if not data.startswith(_PREFACE):
                self.data_received = super().data_received  # type: ignore[method-assign]
                super().data_received(data)
                return
            data = data.removeprefix(_PREFACE)
            self.translator = _Translator()
            self.transport = _Outlet(self.transport, self.translator)  # type: ignore[assignment]
        requests, replies = self.translator.taken(data)
        outlet: Any = self.transport
        outlet._transport.write(replies + self.translator.answered(b""))
        if requests:
            super().data_received(requests)


def _downgrades(app: ASGIApp, parts: Parts) -> ASGIApp:
    return WithProtocol(app, parts, Downgrading)


def _passes_through(bootstrap: dict[str, Any]) -> dict[str, Any]:
    """The edge ends TLS and leaves HTTP to what stands behind it."""
    chain = bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]
    kind = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
    settings = {"@type": kind, "stat_prefix": "edge", "cluster": "api"}
    chain["filters"] = [{"name": "envoy.filters.network.tcp_proxy", "typed_config": settings}]
    return bootstrap


def _within_the_stream(bootstrap: dict[str, Any]) -> dict[str, Any]:
    settings = connection_manager(bootstrap)["http2_protocol_options"]
    settings["override_stream_error_on_invalid_http_message"] = True
    return bootstrap


DEFECTS: tuple[Defect, ...] = (
    Defect(
        name="pen.writes-out-what-comes",
        summary="Requests in HTTP/2 are written out in HTTP/1.1, field by field as they come.",
        wrap=_downgrades,
        edge=_passes_through,
    ),
    Defect(
        name="pen.refuses-within-the-stream",
        summary="A malformed request in HTTP/2 ends its stream, and the connection goes on.",
        near_miss=True,
        edge=_within_the_stream,
    ),
)
