"""Where a lane of a running stack is, and how to get in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec


class Address(msgspec.Struct, frozen=True):
    """Everything an audit may want to know of one lane. Holds demo credentials."""

    base_url: str  # the edge, https
    replicas: tuple[str, ...]  # the API processes directly, http
    ca_file: Path
    identities: list[dict[str, Any]]
    secrets_dir: Path
    files_dir: Path
    store_url: str
    database_url: str
    llm_url: str
    openapi_url: str
    cors_origins: tuple[str, ...]
    receiver: str  # `host:port` of this machine that webhooks may call; nothing listens there
    components: tuple[str, ...] = ()  # the names of the replicas, in the same order
    resolver: str = ""  # `host:port` that is asked for webhooks' names; nobody answers there
    logs: tuple[Path, ...] = ()  # what its replicas and its edge log to
    defects: tuple[str, ...] = ()
    lane: int = 0


def read_address(plain: Any) -> Address:
    """An address as it was before it went through JSON."""
    return msgspec.convert(plain, Address, dec_hook=_path)


def _path(kind: type, plain: Any) -> Any:
    if kind is not Path:
        raise TypeError(f"an address has no {kind.__name__}")
    return Path(plain)
