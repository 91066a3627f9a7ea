"""Looking for a target's document where documents usually are, if the profile allows it."""

from __future__ import annotations

from l7audit.errors import DocumentError
from l7audit.model import Target
from l7audit.probe.probe import Probe
from l7audit.probe.request import Request
from l7audit.target.openapi import Document

WELL_KNOWN = (
    "/openapi.json",
    "/openapi.yaml",
    "/openapi.yml",
    "/swagger.json",
    "/swagger/v1/swagger.json",
    "/v3/api-docs",
    "/api-docs",
    "/api/openapi.json",
    "/.well-known/openapi.json",
    "/docs/openapi.json",
    "/schema",
)


def discover(target: Target, probe: Probe) -> str:
    """The text of the first usable document at a well-known path; empty where none is.

    It asks nothing unless the profile's hint `discover_openapi` is true.
    """
    if target.hints.get("discover_openapi") is not True:
        return ""
    for path in WELL_KNOWN:
        answer = probe.send(Request("GET", path, (("Accept", "application/json, */*;q=0.5"),)))
        if not answer.ok or answer.truncated:
            continue
        try:
            Document.parse(answer.text)
        except DocumentError:
            continue
        return answer.text
    return ""
