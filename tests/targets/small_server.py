"""What small strangers are served by: one function that answers every method and path."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from l7audit import catalogue as catalogues
from l7audit.harness.context import Context
from l7audit.harness.crew import Job, Worker
from l7audit.journal import Record
from l7audit.model import Capability, Credential, Identity, Safety, Target
from l7audit.probe.probe import Probe
from l7audit.profile import Budget
from l7audit.target.manners import learn
from l7audit.target.target_model import TargetModel

Answer = tuple[int, bytes, Mapping[str, str]]
"""A status, the content, and header fields."""

Answering = Callable[[str, str, Message, Any], Answer]
"""From the method, the path, the header fields and the body: what its JSON says, None where there
is none, and its bytes where it is no JSON."""


KEY_HEADER = "X-Api-Key"


def said(status: int, value: Any, media_type: str = "application/json") -> Answer:
    """An answer in JSON."""
    return status, json.dumps(value).encode(), {"Content-Type": media_type}


def guarded(title: str, paths: Mapping[str, Any]) -> str:
    """A document of these paths, whose operations ask for a key unless they say otherwise."""
    schemes = {"key": {"type": "apiKey", "in": "header", "name": KEY_HEADER}}
    return json.dumps(
        {
            "openapi": "3.0.3",
            "info": {"title": title, "version": "1"},
            "security": [{"key": []}],
            "components": {"securitySchemes": schemes},
            "paths": paths,
        }
    )


def keyed(name: str, key: str, role: str = "user") -> Identity:
    """Somebody who signs in by a key."""
    return Identity(
        name=name, role=role, credentials=[Credential(kind="api_key", name=KEY_HEADER, secret=key)]
    )


def stranger(name: str, url: str, identities: list[Identity]) -> Target:
    """A server as somebody's own API, with its document and who may sign in."""
    return Target(
        name=name,
        provider="external",
        base_url=url,
        capabilities=[Capability.HTTP, Capability.OPENAPI, Capability.IDENTITIES],
        identities=identities,
    )


def called(url: str) -> bool:
    """Whether a service that calls URLs gets an answer there. Nothing but this machine is."""
    if not url.startswith("http://127.0.0.1:"):
        return False
    try:
        urllib.request.urlopen(url, timeout=1).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


@contextmanager
def served(answering: Answering, *, at_once: bool = False) -> Iterator[str]:
    """The base URL of a server on a loopback port of its own. Answers are given one at a time,
    unless they may be given `at_once`."""
    lock = nullcontext() if at_once else threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is its own."""

        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(size)
            try:
                body = json.loads(raw or b"null")
            except (ValueError, RecursionError):  # too deep is no JSON to it, either
                body = raw
            with lock:
                status, content, fields = answering(self.command, self.path, self.headers, body)
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def audited(log: str, target: Target, document: str, controls: Collection[str]) -> list[Record]:
    """As `checked`, by a process of its own."""
    worker = Worker(log)
    try:
        return checked(worker, target, document, controls)
    finally:
        worker.kill()


def checked(
    worker: Worker, target: Target, document: str, controls: Collection[str]
) -> list[Record]:
    """What checks of these controls record of a target, once its manners are learnt."""
    catalogue = catalogues.load(["l7audit_suites"])
    records: list[Record] = []
    probe = Probe(target, lambda _: None, safety=Safety.INTRUSIVE)
    learnt = learn(TargetModel.of(document, target, seed=7), probe)
    probe.close()
    context = Context(
        target=target,
        document=document,
        seed=7,
        controls={c.id: c for c in catalogue.controls},
        budget=Budget(),
        safety=Safety.INTRUSIVE,
        learnt=learnt,
    )
    checks = tuple(c for c in catalogue.checks if c.control in controls)
    worker.run(Job(context, checks), records.append)
    return records
