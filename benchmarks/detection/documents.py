"""The document that a peer is given: the service's own, with the host that it really runs at.

Some documents name a host that is not there. Our tool never leaves its profile's origin; peers that
follow `servers` would, so that their user mends it first, as is done here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import yaml


def mended(address: str, url: str, file: Path) -> str:
    """Writes the document at `address` to `file`, as JSON, and answers the base URL of its paths.

    Errors: `httpx.HTTPError` where there is none.
    """
    text = httpx.get(address, timeout=30, trust_env=False).raise_for_status().text
    document: dict[str, Any] = yaml.safe_load(text)
    if "swagger" in document:
        document |= {"host": urlsplit(url).netloc, "schemes": ["http"]}
        base = document.get("basePath", "")
    else:
        servers = document.get("servers") or [{"url": "/"}]
        base = urlsplit(servers[0]["url"]).path
        document["servers"] = [{"url": url + base.rstrip("/")}]
    file.write_text(json.dumps(document, default=str), encoding="utf-8")
    return url + base.rstrip("/")
