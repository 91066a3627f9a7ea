"""Whether the server of this container serves: asks the URL or `tcp://host:port` in HEALTH."""

from __future__ import annotations

import os
import socket
import ssl
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

PATIENCE = 1.5  # seconds


def main(address: str) -> int:
    """0 while it serves, 1 while it does not."""
    url = urlsplit(address)
    try:
        if url.scheme == "tcp":
            socket.create_connection((url.hostname or "", url.port or 0), PATIENCE).close()
            return 0
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # for the audit to say
        urllib.request.urlopen(address, timeout=PATIENCE, context=context).close()
    except OSError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ.get("HEALTH", "http://127.0.0.1:8080/health/ready")))
