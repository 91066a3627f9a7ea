"""The address that wapiti plants and then asks who came by, on loopback instead of its maker's."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Callback(ThreadingHTTPServer):
    """Remembers visits to `/ssrf/SESSION/REQUEST/PARAMETER/`, and tells them as wapiti asks."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.visits: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(
            lambda: defaultdict(list)
        )


class _Handler(BaseHTTPRequestHandler):
    server: Callback

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        match path.strip("/").split("/"):
            case ["ssrf", _, request, parameter, *_]:
                self.server.visits[request][parameter].append(
                    {
                        "url": self.server.url + path,
                        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                        "ip": self.client_address[0],
                        "method": self.command,
                    }
                )
                self._answer({})
            case ["get_ssrf.php"]:
                self._answer(self.server.visits)
            case _:
                self._answer({})

    do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 - the names that the library asks for

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the visits are what is wanted."""

    def _answer(self, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def listening() -> Iterator[Callback]:
    """A callback that answers until the end."""
    with Callback() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
