"""Runs the shelf on a free port of 127.0.0.1: `python -m shelf FOLDER`.

Once it answers it prints one JSON line: its URL, CA file, document, allowed origins, signing key
and identities, in the words of a profile. It ends on SIGTERM, or when its standard input closes
(so that it never outlives a killed parent).
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import sys
import threading
from pathlib import Path

import uvicorn
from shelf import certificate
from shelf.desk import CARD_HEADER, build
from shelf.passes import Press
from shelf.readers import Library

ORIGIN = "https://reading.example"
_SEATS = (
    ("ada", 2000, 4, []),
    ("ben", 2000, 4, []),
    *((f"brief-{n}", 20, 6, ["limited"]) for n in range(1, 5)),
)


def _seated(library: Library) -> list[dict[str, object]]:
    """Readers with a pass and a card each, as a profile lists them."""
    found: list[dict[str, object]] = []
    for name, quota, window, tags in _SEATS:
        mail, password = f"{name}@shelf.example", secrets.token_urlsafe(12)
        reader = library.admit(mail, password, quota, window)
        _, secret = library.issue(reader, "first card")
        credentials = [
            {"kind": "api_key", "name": CARD_HEADER, "secret": secret},
            {"kind": "password", "name": mail, "secret": password},
        ]
        found.append({"name": name, "role": "reader", "tags": tags, "credentials": credentials})
    return found


def main(folder: Path) -> None:
    """Serves until it is told to end."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"https://127.0.0.1:{listener.getsockname()[1]}"
    certificate_file, key_file = certificate.write(folder)
    library, press = Library(), Press(url)
    told = {
        "url": url,
        "ca_file": str(certificate_file),
        "openapi": f"{url}/shelf.yaml",
        "allowed_origins": [ORIGIN],
        "identities": _seated(library),
        "mint": {
            "key_id": press.key_id, "algorithm": "ES256", "private_key": press.private_key,
        },
    }  # fmt: skip
    server = uvicorn.Server(
        uvicorn.Config(
            build(library, press, frozenset({ORIGIN})),
            ssl_certfile=str(certificate_file),
            ssl_keyfile=str(key_file),
            server_header=False,
            log_level="error",
            lifespan="off",
            proxy_headers=False,
        )
    )

    def until_closed() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=until_closed, daemon=True).start()
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    server.run(sockets=[listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
