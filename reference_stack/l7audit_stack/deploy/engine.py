"""The Docker engine, through testcontainers: images, networks, containers, and clearing them up.

Whatever is made here carries the home of its run as a label. That home's lock shows whether the run
lives, so that leftovers of a killed one are told from what is in use.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import docker
from docker.constants import DEFAULT_UNIX_SOCKET
from docker.errors import APIError, BuildError, DockerException, NotFound
from docker.types import EndpointConfig, IPAMConfig, IPAMPool
from docker.types import Mount as Bind
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.image import DockerImage
from testcontainers.core.network import Network

from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.ports import LOOPBACK
from l7audit_stack.deploy.seats import Seat

HOME_LABEL = "org.l7audit.home"
IMAGE_LABEL = "org.l7audit.image"
_TRIES = 5  # to get a network that somebody else may be given at the same moment

# Its reaper is an image that must be pulled, and goes by sessions; ours goes by homes.
testcontainers_config.ryuk_disabled = True


@dataclass(frozen=True, slots=True)
class Spec:
    """A container: who runs what, and what it sees.

    `mounts` are paths here, paths there, and whether it may write. `port` is where this machine's
    loopback reaches it. `health` is what its image asks whether it serves, empty for a job.
    """

    name: str
    image: str
    command: tuple[str, ...]
    user: str
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[tuple[str, str, bool], ...] = ()
    seat: Seat | None = None
    port: int = 0
    health: str = ""


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """The engine's errors become the stack's."""
    try:
        yield
    except APIError as error:
        raise StackError(f"The Docker engine refused: {error.explanation or error}.") from error
    except DockerException as error:
        raise StackError(f"The Docker engine can't be used: {error}.") from error


class Engine:
    """The engine as one run sees it."""

    def __init__(self, home: Path) -> None:
        self._labels = {HOME_LABEL: str(home)}
        self._home = home
        self._network: Network | None = None
        if why := _refusal(os.environ.get("DOCKER_HOST", DEFAULT_UNIX_SOCKET)):
            raise _absent(why)
        try:
            self.client: Any = docker.from_env()
            self.client.ping()
        except DockerException as error:
            raise _absent(str(error)) from error

    def version(self) -> str:
        """The engine's version."""
        with sentences():
            return str(self.client.version()["Version"])

    def has_image(self, tag: str) -> bool:
        """Whether it was built."""
        with sentences():
            try:
                self.client.images.get(tag)
            except NotFound:
                return False
            return True

    def build(self, context: Path, tag: str) -> None:
        """Build an image. Raises StackError with the end of what the build said."""
        with sentences():
            try:
                DockerImage(context, tag=tag, clean_up=False, forcerm=True).build()
            except BuildError as error:
                said = "".join(str(line.get("stream", "")) for line in error.build_log)
                raise StackError(f"{tag} can't be built: {error}. {said[-1500:]}") from error

    def forget_images(self, image: str, but: str) -> None:
        """Take the names of earlier builds away, and the builds where nobody uses them."""
        with sentences():
            for tag in [t for found in self.client.images.list(image) for t in found.tags]:
                if tag != but:
                    with contextlib.suppress(APIError):  # of a run that goes on
                        self.client.images.remove(tag)

    def open_network(self) -> IPv4Network:
        """A network of the run's own, in which containers can be given addresses.

        The engine allows that only where it was told the subnet, so it is asked for a free one
        first. Nothing is masqueraded: containers reach each other and nobody else.
        """
        with sentences():
            for tried in range(1, _TRIES + 1):
                free = self._create_network(None)
                subnet = free.attrs["IPAM"]["Config"][0]["Subnet"]
                free.remove()
                try:
                    self._create_network(IPAMConfig(pool_configs=[IPAMPool(subnet=subnet)]))
                except APIError:
                    if tried == _TRIES:
                        raise
                    continue
                return IPv4Network(subnet)
        raise AssertionError("the last try raises")

    def _create_network(self, addresses: Any) -> Any:
        network = Network(
            docker_network_kw={
                "driver": "bridge",
                "ipam": addresses,
                "labels": self._labels,
                "options": {"com.docker.network.bridge.enable_ip_masquerade": "false"},
            }
        )
        network.name = f"l7audit-{self._home.name}"
        self._network = network.create()
        made = self.client.networks.get(network.name)
        made.reload()
        return made

    def start(self, spec: Spec) -> Any:
        """A new container that runs; anything of that name must be gone."""
        container = DockerContainer(spec.image, name=self._name(spec))
        container.with_command(list(spec.command)).with_envs(**spec.environment)
        container.tmpfs["/tmp"] = "size=64m"
        container.with_kwargs(**self._limits(spec), **self._place(spec))
        if spec.seat is not None:
            # testcontainers' own type knows no address; the engine's client under it does.
            ports: dict[str, Any] = container.ports
            ports[f"{spec.seat.port}/tcp"] = (LOOPBACK, spec.port)
        with sentences():
            return container.start().get_wrapped_container()

    def _name(self, spec: Spec) -> str:
        return f"l7audit-{self._home.name}-{spec.name}"

    def _limits(self, spec: Spec) -> dict[str, Any]:
        """What it may do: nothing but to run, in a file system that it can't write to."""
        return {
            "user": spec.user,
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "pids_limit": 512,
            "mem_limit": "1g",
            "labels": self._labels,
            "mounts": [
                Bind(there, here, type="bind", read_only=not writable)
                for here, there, writable in spec.mounts
            ],
            "healthcheck": None if spec.health else {"test": ["NONE"]},
        }

    def _place(self, spec: Spec) -> dict[str, Any]:
        if self._network is None:
            return {}
        name = self._network.name
        address = spec.seat.host if spec.seat else None
        endpoint = EndpointConfig(self.client.api.api_version, ipv4_address=address)
        return {"network": name, "networking_config": {name: endpoint}}

    def clear(self) -> None:
        """Remove all that this run has."""
        with sentences():
            self._remove({HOME_LABEL: str(self._home)}, lambda _: False)

    def sweep(self, lives: Callable[[Path], bool]) -> int:
        """Remove what runs left that do not live any more; answers how much that was."""
        with sentences():
            return self._remove({HOME_LABEL: ""}, lives)

    def _remove(self, label: Mapping[str, str], spare: Callable[[Path], bool]) -> int:
        (name, value), *_ = label.items()
        wanted = {"label": f"{name}={value}" if value else name}
        removed = 0
        for container in self.client.containers.list(all=True, filters=wanted, sparse=True):
            if not spare(Path(container.attrs["Labels"][HOME_LABEL])):
                with contextlib.suppress(NotFound):
                    container.remove(force=True, v=True)
                removed += 1
        for network in self.client.networks.list(filters=wanted):
            if not spare(Path(network.attrs["Labels"][HOME_LABEL])):
                with contextlib.suppress(NotFound):
                    network.remove()
                removed += 1
        return removed

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()


def _refusal(host: str) -> str:
    """Why nobody answers at a socket of this machine. Its client would leave its own one open."""
    if "unix:" not in host:
        return ""
    with socket.socket(socket.AF_UNIX) as link:
        try:
            link.connect(host.removeprefix("http+").removeprefix("unix://"))
        except OSError as error:
            return f"{host}: {error.strerror}"
    return ""


def _absent(why: str) -> StackError:
    return StackError(
        f"No Docker engine answers ({why}). On Debian scripts/docker-engine.sh installs and starts "
        "one."
    )
