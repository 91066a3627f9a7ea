"""What all tests share: the few long ones start first, so that no core waits for them."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Moves the tests marked `early` to the front; the others keep their order."""
    items.sort(key=lambda item: item.get_closest_marker("early") is None)
