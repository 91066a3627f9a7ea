"""What the journal costs an exchange, and how fast a burst is.

Run by hand: `python benchmarks/journal_exchange.py [--rounds 7] [--requests 800]`. One server
process answers a small JSON; three variants ask it in turn within each round: the wire alone, the
probe with a sink that drops what it gets (so redaction and records, no file), and the probe with
a journal on disk. Only ratios within one run mean anything; each round records the share of
processor time that the machine's host took away (steal), so that noisy rounds can be told.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from l7audit.journal import Journal, Record
from l7audit.model import Credential, Identity, Target
from l7audit.probe.probe import Probe
from l7audit.probe.request import Auth, Request
from l7audit.probe.scope import Origin
from l7audit.probe.wire import Wire
from l7audit.profile import Budget

SERVER = """
import asyncio, socket, sys, uvicorn
body = b'{"items":[' + b','.join(b'{"id":"%d","name":"thing"}' % n for n in range(12)) + b']}'
head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"),
        (b"ratelimit", b'"a";r=50;t=30'), (b"x-request-id", b"0123456789abcdef")]
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off")).run([listener])
"""
IDENTITIES = 14
CONCURRENCY = 16


class Sink:
    """Appends to a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __call__(self, record: Record) -> None:
        self._journal.append(record)


def processor() -> tuple[int, int]:
    """Steal and total ticks so far, of all processors."""
    fields = [int(f) for f in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return fields[7], sum(fields)


def per_second(work: Callable[[], None], requests: int) -> float:
    """Requests a second of one stretch of work."""
    started = time.perf_counter()
    work()
    return requests / (time.perf_counter() - started)


def target(port: int) -> Target:
    """A target with as many secrets to keep as the reference stack has."""
    identities = [
        Identity(
            name=f"i{n}",
            credentials=[
                Credential(kind="api_key", name="X-API-Key", secret=secrets.token_urlsafe(32)),
                Credential(kind="password", name=f"i{n}", secret=secrets.token_urlsafe(18)),
            ],
        )
        for n in range(IDENTITIES)
    ]
    url = f"http://127.0.0.1:{port}"
    return Target(
        name="t", provider="external", base_url=url, capabilities=[], identities=identities
    )


def rounds(port: int, folder: Path, count: int, requests: int) -> list[dict[str, float]]:
    """The rates of every round."""
    aim = target(port)
    request = Request("GET", "/things?page=1").with_auth(
        Auth.api_key("X-API-Key", aim.identities[0].credentials[0].secret)
    )
    budget = Budget(requests=10**9, per_second=10**9)
    origin, wire = Origin.of(aim.base_url), Wire()
    found = []
    with Journal(folder / "journal.jsonl") as journal:
        dropped = Probe(aim, lambda _: None, limits=budget)
        written = Probe(aim, Sink(journal), limits=budget)

        def alone() -> None:
            for _ in range(requests):
                wire.exchange(origin, request)

        def recorded() -> None:
            for _ in range(requests):
                dropped.send(request)

        def journalled() -> None:
            for _ in range(requests):
                written.send(request)

        def burst() -> None:
            written.burst([request] * requests, CONCURRENCY)

        variants = {"wire": alone, "record": recorded, "journal": journalled, "burst": burst}
        for number in range(count + 1):
            steal, total = processor()
            names = list(variants) if number % 2 else list(variants)[::-1]
            rates = {name: per_second(variants[name], requests) for name in names}
            stolen, all_ticks = processor()
            rates["steal"] = (stolen - steal) / max(1, all_ticks - total)
            if number:  # the first round warms up
                found.append(rates)
        for probe in (dropped, written):
            probe.close()
    wire.close()
    return found


def main() -> None:
    """Prints each round and the medians as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=800)
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE) as server,
    ):
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            found = rounds(port, Path(folder), wanted.rounds, wanted.requests)
        finally:
            server.terminate()
    ratios = {
        name: round(statistics.median(r[name] / r["wire"] for r in found), 3)
        for name in ("record", "journal")
    }
    summary = {
        "rounds": [{k: round(v, 3) for k, v in r.items()} for r in found],
        "requests_per_second": {
            name: round(statistics.median(r[name] for r in found)) for name in found[0]
        },
        "throughput_beside_the_wire_alone": ratios,
        "journal_microseconds_an_exchange": round(
            statistics.median(1e6 / r["journal"] - 1e6 / r["wire"] for r in found)
        ),
    }
    sys.stdout.write(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
