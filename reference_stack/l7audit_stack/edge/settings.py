"""What the edge has to know about the stack it stands in front of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Upstream:
    """One API replica: a host name or address and its port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class EdgeSettings:
    """Input of `bootstrap`. Paths are as the Envoy process sees them; times are in seconds.

    `admin_socket` is a unix socket: the admin interface can drain, quit and dump the
    configuration, so it never gets a port that another local user could reach.
    """

    listen_host: str
    listen_port: int
    certificate_file: str
    key_file: str
    upstreams: tuple[Upstream, ...]
    ready_path: str
    admin_socket: str
    access_log: str
    health_interval: float = 0.5
    health_timeout: float = 1.0
    unhealthy_interval: float = 0.1
    request_timeout: float = 60.0
    silence_timeout: float = 3.0
    headers_timeout: float = 10.0
    idle_timeout: float = 60.0
    max_body_bytes: int = 16 * 1024 * 1024
    max_headers_kib: int = 32
    max_headers: int = 100
    max_connections: int = 4096

    def __post_init__(self) -> None:
        if not self.upstreams:
            raise ValueError("the edge needs at least one API replica to send requests to")
