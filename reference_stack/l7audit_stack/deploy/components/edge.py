"""The edge: an Envoy process with the configuration that `l7audit_stack.edge` computes."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from l7audit_stack.deploy.certificates import Certificates
from l7audit_stack.deploy.commands import Mount, Program
from l7audit_stack.deploy.components.api import READY_PATH
from l7audit_stack.deploy.components.interface import Tools
from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.probes import http_body, http_status
from l7audit_stack.deploy.seats import Seat, on_loopback
from l7audit_stack.deploy.topology import Kind
from l7audit_stack.edge.bootstrap import bootstrap
from l7audit_stack.edge.settings import EdgeSettings, Upstream


@dataclass(frozen=True)
class Edge:
    """One process. `configuration` is the file it starts from; a defect may have rewritten it."""

    name: str
    port: int
    folder: Path
    certificates: Certificates
    upstreams: tuple[Upstream, ...]
    access_log: Path
    seat: Seat | None = None
    kind: Kind = Kind.EDGE
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def endpoint(self) -> str:
        return f"https://{LOOPBACK}:{self.port}"

    @property
    def configuration(self) -> Path:
        """The file that Envoy reads."""
        return self.folder / f"{self.name}.json"

    @property
    def _admin(self) -> Path:
        return self.folder / f"{self.name}.admin"

    def clean_configuration(self) -> dict[str, Any]:
        """The configuration without any defect."""
        seat = self.seat or on_loopback(self.port)
        return bootstrap(
            EdgeSettings(
                listen_host=seat.bind,
                listen_port=seat.port,
                certificate_file=str(self.certificates.server),
                key_file=str(self.certificates.server_key),
                upstreams=self.upstreams,
                ready_path=READY_PATH,
                admin_socket=str(self._admin),
                access_log=str(self.access_log),
            )
        )

    def configure(self, configuration: dict[str, Any]) -> bool:
        """Write the configuration; True if it differs from the one before."""
        text = json.dumps(configuration, indent=1)
        if self.configuration.exists() and self.configuration.read_text() == text:
            return False
        self.configuration.write_text(text)
        return True

    async def prepare(self, tools: Tools, log: Path) -> None:
        self.access_log.touch()
        if not self.configuration.exists():
            self.configure(self.clean_configuration())

    def command(self) -> Program:
        return Program(
            (
                "_bin/envoy",
                *("-c", str(self.configuration), "--log-level", "warning"),
                # One worker is plenty, and several would skew the round robin of few requests.
                *("--concurrency", "1", "--disable-hot-restart"),
                *("--file-flush-interval-msec", "200"),
            ),
            package="envoy",
            mounts=(
                Mount(self.folder, writable=True),
                Mount(self.certificates.server),
                Mount(self.certificates.server_key),
                Mount(self.access_log, writable=True),
            ),
        )

    async def ready(self) -> bool:
        # Through the edge to a replica: 503 until a health check has found one. A defect may
        # make the answer differ, so any other answer will do.
        return await http_status(self.port, READY_PATH, tls=True) != 503

    async def sees_all_replicas(self) -> bool:
        """Whether the edge takes every replica for healthy."""
        told = json.loads(await http_body(self._admin, "/clusters?format=json"))
        hosts = [host for c in told["cluster_statuses"] for host in c.get("host_statuses", ())]
        return len(hosts) == len(self.upstreams) and not any(
            host["health_status"].get("failed_active_health_check") for host in hosts
        )
