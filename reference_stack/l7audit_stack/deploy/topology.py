"""What the reference stack is made of: one description for every way of starting it.

Embedded processes and containers read the same topology; they differ in how a part is started
and in which address its ports get, not in what there is to audit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a part is. A deployer has one way of starting each."""

    POSTGRES = "postgres"  # relational data, full-text and vector search
    STORE = "store"  # Redis protocol: rate limits, revocations
    LLM = "llm"  # OpenAI protocol
    SECRETS = "secrets"  # one shot: makes the key files
    SCHEMA = "schema"  # one shot: applies the migrations
    SEED = "seed"  # one shot: demo tenants and identities
    API = "api"  # the agent API
    EDGE = "edge"  # TLS and load balancing in front of the API

    @property
    def one_shot(self) -> bool:
        """Runs to its end before those that need it start, instead of staying."""
        return self in (Kind.SECRETS, Kind.SCHEMA, Kind.SEED)


@dataclass(frozen=True, slots=True)
class Port:
    """A TCP port by its purpose. `number` is the one used where the part has its own address."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the stack. `needs` names the parts that have to be ready before it starts."""

    kind: Kind
    ports: tuple[Port, ...] = ()
    needs: tuple[Kind, ...] = ()
    replicas: int = 1

    def instances(self) -> tuple[str, ...]:
        """Names of the running instances: the API's are numbered from 1."""
        if self.kind is Kind.API:
            return tuple(f"{self.kind}-{number}" for number in range(1, self.replicas + 1))
        return (str(self.kind),)


@dataclass(frozen=True, slots=True)
class Topology:
    """The parts, each kind once. Raises ValueError for a need nobody fills, or a circle."""

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        kinds = [part.kind for part in self.parts]
        if len(kinds) != len(set(kinds)):
            raise ValueError("a topology names each kind of part once; use replicas for more")
        for part in self.parts:
            for need in part.needs:
                if need not in kinds:
                    raise ValueError(f"{part.kind} needs {need}, which the topology lacks")
        self.waves()

    def __iter__(self) -> Iterator[Part]:
        return iter(self.parts)

    def part(self, kind: Kind) -> Part:
        """The part of that kind. Raises KeyError if there is none."""
        for part in self.parts:
            if part.kind is kind:
                return part
        raise KeyError(kind)

    def waves(self) -> tuple[tuple[Part, ...], ...]:
        """Parts grouped so that each needs only parts of earlier groups."""
        done: set[Kind] = set()
        waiting = list(self.parts)
        waves: list[tuple[Part, ...]] = []
        while waiting:
            wave = tuple(part for part in waiting if done.issuperset(part.needs))
            if not wave:
                circle = ", ".join(part.kind for part in waiting)
                raise ValueError(f"these parts wait for each other: {circle}")
            waves.append(wave)
            done.update(part.kind for part in wave)
            waiting = [part for part in waiting if part not in wave]
        return tuple(waves)


def reference_topology(replicas: int = 2) -> Topology:
    """The stack as it is audited. `replicas` counts API processes behind the edge, at least 1."""
    if replicas < 1:
        raise ValueError("the stack needs at least one API replica")
    return Topology(
        (
            Part(Kind.POSTGRES, (Port("sql", 5432),)),
            Part(Kind.STORE, (Port("redis", 6379),)),
            Part(Kind.LLM, (Port("http", 8081),)),
            Part(Kind.SECRETS),
            Part(Kind.SCHEMA, needs=(Kind.POSTGRES, Kind.SECRETS)),
            Part(Kind.SEED, needs=(Kind.SCHEMA, Kind.SECRETS)),
            Part(
                Kind.API,
                (Port("http", 8080),),
                needs=(Kind.SEED, Kind.STORE, Kind.LLM),
                replicas=replicas,
            ),
            Part(Kind.EDGE, (Port("https", 8443),), needs=(Kind.API,)),
        )
    )
