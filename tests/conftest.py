"""What all tests share: the booth, and that the few long ones start first."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "targets"))
pytest_plugins = ["booth.fixtures", "booth.doors"]


os.environ["L7AUDIT_HISTORY"] = "off"  # here and in every process below: it is the user's own


def pytest_configure() -> None:
    """Lets Ctrl-C be tested where pytest itself was started in the background by a script.

    There a shell has SIGINT ignored, which every process below inherits.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are called by their argument and a number: what holds a time or chance would give a
    test another name in each process, and processes that share tests refuse that."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Moves the tests marked `early` to the front, so that no core waits for them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("early") is None)
