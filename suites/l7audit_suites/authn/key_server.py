"""A place of our own that offers a forger's keys, and remembers who came to fetch them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.serialization import Encoding

from l7audit_suites.authn.own_keys import OwnKey


class KeyServer:
    """Serves a JWKS at `jwks_url` and a certificate at `certificate_url`; `fetched` says which."""

    def __init__(self, port: int, fetched: list[str]) -> None:
        self.jwks_url = f"http://127.0.0.1:{port}/keys.json"
        self.certificate_url = f"http://127.0.0.1:{port}/certificate.pem"
        self.fetched = fetched


@contextmanager
def serving(key: OwnKey) -> Iterator[KeyServer]:
    """Listens on loopback for as long as the block lasts. Errors: `OSError`."""
    documents = {
        "/keys.json": ("application/json", json.dumps({"keys": [key.jwk]}).encode()),
        "/certificate.pem": (
            "application/x-pem-file",
            key.certificate().public_bytes(Encoding.PEM),
        ),
    }
    fetched: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            media_type, content = documents.get(self.path, ("text/plain", b""))
            fetched.append(self.path)
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: the journal says what was fetched."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield KeyServer(server.server_port, fetched)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
