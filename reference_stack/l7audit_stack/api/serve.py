"""Run one replica: `python -m l7audit_stack.api.serve --host 127.0.0.1 --port N`.

uvicorn with uvloop and httptools. SIGTERM stops accepting, lets running requests end, and exits.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn

from l7audit_stack.api.http_protocol import QuickProtocol
from l7audit_stack.api.settings import SettingsError

PRODUCTION_APP = "l7audit_stack.api.app:create_app"


def load_factory(name: str) -> Callable[[], Any]:
    """The factory of `module:function`; raises SettingsError with the mend."""
    module, colon, function = name.partition(":")
    try:
        factory: Callable[[], Any] = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"--app {name} can't be loaded: {error}.") from error
    if not colon:
        raise SettingsError(f"--app {name}: give module:function.")
    return factory


def server_config(app: Any, host: str, port: int, drain: float) -> uvicorn.Config:
    """No banners, no access log of the server's own, no trust in forwarded headers."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        # An app may be served by a protocol of its own.
        http=getattr(app, "http_protocol", QuickProtocol),
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        ws="none",
        lifespan="on",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        access_log=False,
        log_level="error",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=max(1, round(drain)),
        backlog=1024,
    )


def settle_memory() -> None:
    """Leave what the start has made out of collections, and collect less often.

    Requests in flight fill the youngest generation over and over; what they make is freed by its
    reference count, so that nearly all of those collections found nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m l7audit_stack.api.serve")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--app", default=PRODUCTION_APP, help="factory as module:function")
    options = parser.parse_args(arguments)
    try:
        app = load_factory(options.app)()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 4
    settle_memory()
    parts = getattr(app, "parts", None)
    drain = parts.settings.drain_timeout if parts is not None else 5.0
    server = uvicorn.Server(server_config(app, options.host, options.port, drain))

    def stopped(_signal: int, _frame: Any) -> None:
        # uvicorn raises the signal again after it has stopped in order: that was the end.
        if not server.started:
            raise SystemExit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopped)
    try:
        server.run()
    except SystemExit as error:
        if error.code == 0:
            return 0
        sys.stderr.write(f"{options.host}:{options.port} can't be listened on.\n")
    return 0 if server.started else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
