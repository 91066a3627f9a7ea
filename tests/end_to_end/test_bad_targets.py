"""Targets that misbehave: a clear sentence, an honest verdict, the right exit code."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]
Talk = Callable[[bytes, int], Iterator[bytes]]
"""What a server says to a request's head, and how many it had before; it ends the connection."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "T", "version": "1"},
    "components": {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/open": {"get": {"responses": {"200": {"description": "d"}}}},
        "/mine": {"get": {"security": [{"b": []}], "responses": {"200": {"description": "d"}}}},
    },
}


def said(body: bytes, status: bytes = b"200 OK") -> bytes:
    head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def serve() -> Iterator[Callable[[Talk], str]]:
    """A server on loopback that gives each connection to `talk`, one thread each."""
    with ExitStack() as stack:

        def start(talk: Talk) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
            counted = iter(range(10**9))

            def one(connection: socket.socket) -> None:
                with connection, suppress(OSError):
                    connection.settimeout(30)
                    head = connection.recv(65536)
                    for piece in talk(head, next(counted)):
                        connection.sendall(piece)

            def accept() -> None:
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

            thread = threading.Thread(target=accept)
            thread.start()
            stack.callback(thread.join)
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield start


def profile(folder: Path, url: str, **more: Any) -> str:
    """A profile's file: a token for the bearer scheme, and answers awaited for half a second."""
    who = {"name": "alice", "credentials": [{"kind": "bearer", "secret": "a-token-of-alice"}]}
    (folder / "openapi.json").write_text(json.dumps(DOCUMENT))
    target = {"provider": "external", "url": url, "openapi": "openapi.json", "identities": [who]}
    whole = {"target": target, "budget": {"timeout": 0.5}, "select": ["HEAD", "CORS"], **more}
    (folder / "l7audit.yaml").write_text(json.dumps(whole))
    return "l7audit.yaml"


def ended(program: Any) -> tuple[int, str]:
    """The exit code and what was said; whatever happened, no traceback is among it."""
    code, out, err = program.end(180)
    assert "Traceback" not in out + err
    assert "unexpected error" not in out + err
    return code, out + err


def drip(_: bytes, number: int) -> Iterator[bytes]:
    """An answer that never ends, a byte at a time; the first one is whole, so that it is there."""
    if number == 0:
        yield said(b"{}")
        return
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    for _ in range(300):
        yield b"1\r\nx\r\n"
        time.sleep(0.1)


def flood(_: bytes, number: int) -> Iterator[bytes]:
    """An answer that never ends, as fast as it can."""
    if number == 0:
        yield said(b"{}")
        return
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    for _ in range(2000):
        yield piece


def garbage(_: bytes, number: int) -> Iterator[bytes]:
    yield said(b"{}") if number == 0 else b"\x00\xff not HTTP at all \r\n\r\n"


def silence(_: bytes, number: int) -> Iterator[bytes]:
    if number == 0:
        yield said(b"{}")


@pytest.mark.parametrize("talk", [drip, garbage, silence])
def test_a_target_that_gives_no_usable_answer_passes_nothing(
    talk: Talk, serve: Any, start: Start, tmp_path: Path
) -> None:
    program = start("run", "--profile", profile(tmp_path, serve(talk)))
    code, told = ended(program)
    assert code == 5, told
    assert "NOTHING ASSESSED" in told
    assert program.verdicts
    assert "pass" not in program.verdicts.values(), program.verdicts
    assert (program.newest / "report.html").stat().st_size


def test_answers_without_end_are_cut_and_the_run_comes_to_its_end(
    serve: Any, start: Start, tmp_path: Path
) -> None:
    program = start(
        "run", "--profile", profile(tmp_path, serve(flood), select=["HEAD-01", "HEAD-02"])
    )
    code, told = ended(program)
    assert code in (1, 6), told
    assert set(program.verdicts) == {"HEAD-01", "HEAD-02"}
    assert (program.newest / "journal.jsonl").stat().st_size < 50_000_000


@pytest.mark.parametrize("status", [b"503 Service Unavailable", b"403 Forbidden"])
def test_a_target_that_refuses_everybody_half_way_is_not_taken_for_a_sound_one(
    status: bytes, serve: Any, start: Start, tmp_path: Path
) -> None:
    def talk(head: bytes, number: int) -> Iterator[bytes]:
        let_in = b"authorization: bearer a-token-of-alice" in head.lower()
        if number > 3:
            yield said(b'{"message":"no"}', status)
        elif head.startswith(b"GET /mine") and not let_in:
            yield said(b"{}", b"401 Unauthorized")
        else:
            yield said(b"{}")

    program = start("run", "--profile", profile(tmp_path, serve(talk), select=["AUTHN"]))
    code, told = ended(program)
    assert code in (5, 6), told
    assert "pass" not in program.verdicts.values(), program.verdicts
    assert program.results["controls"]


def test_a_login_that_fails_is_named_and_nothing_passes_for_it(
    serve: Any, start: Start, tmp_path: Path
) -> None:
    def talk(head: bytes, _: int) -> Iterator[bytes]:
        yield said(b"{}", b"401 Unauthorized" if b"/mine" in head else b"200 OK")

    program = start("run", "--profile", profile(tmp_path, serve(talk), select=["AUTHN"]))
    code, told = ended(program)
    assert code in (5, 6), told
    assert "pass" not in program.verdicts.values(), program.verdicts


def test_tls_where_none_is_spoken_is_one_sentence(serve: Any, start: Start, tmp_path: Path) -> None:
    url = serve(silence).replace("http://", "https://")
    code, told = ended(start("run", "--target", url))
    assert code == 3
    assert told.startswith("asking https://127.0.0.1")
    assert told.count("l7audit: ") == 1
    assert not (tmp_path / "l7audit-out" / "latest" / "results.json").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "neither JSON nor YAML"),
        ("<html>", "is HTML or XML"),
        ("openapi: 3.1.0\npaths: &a {/x: *a}", "within what it stands for"),
        ('{"openapi": "9.9", "paths": {}}', "versions 2.0, 3.0 and 3.1 are understood"),
    ],
)
def test_a_document_that_cannot_be_used_is_one_sentence(
    text: str, sentence: str, serve: Any, start: Start, tmp_path: Path
) -> None:
    (tmp_path / "broken.yaml").write_text(text)
    url = serve(lambda *_: iter([said(b"{}")]))
    for verb in (["run"], ["init"]):
        code, told = ended(start(*verb, "--target", url, "--openapi", "broken.yaml"))
        assert code == 3, told
        assert sentence in told
    assert not (tmp_path / "l7audit.yaml").exists()


def test_without_any_document_what_answers_is_audited_and_the_rest_is_explained(
    serve: Any, start: Start
) -> None:
    def talk(head: bytes, _: int) -> Iterator[bytes]:
        there = head.split(b" ")[1] in (b"/", b"/things")
        yield said(b'{"things": "/things"}') if there else said(b"{}", b"404 Not Found")

    program = start("run", "--target", serve(talk), "--select", "HEAD,CORS,AUTHN")
    _, told = ended(program)
    assert "found none; looking at what answers without one" in told
    assert "fail" in program.verdicts.values()  # it sends no protective header at all
    reasons = {s["reason"] for s in program.results["out_of_scope"]}
    assert any("add one with l7audit init" in reason for reason in reasons)
