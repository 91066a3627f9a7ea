"""`results.json`: the whole assessment for other programs. Its schema is in docs/schema."""

from __future__ import annotations

from pathlib import Path

from l7audit.assess.results import Results, encode
from l7audit.hookspecs import Reporter, hookimpl
from l7audit.journal import Records


class JsonReporter(Reporter):
    """Writes `results.json`, indented, in one order, with a trailing newline."""

    name = "json"

    def write(self, results: Results, records: Records, folder: Path) -> Path:
        """Writes into `folder` and returns the file's path. Errors: `OSError`."""
        path = folder / "results.json"
        path.write_bytes(encode(results))
        return path


@hookimpl
def l7audit_register_reporter() -> Reporter:
    """The JSON reporter."""
    return JsonReporter()
