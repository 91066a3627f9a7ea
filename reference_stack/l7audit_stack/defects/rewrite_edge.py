"""Rewrite an Envoy bootstrap for some defects: `python -m ... CONFIGURATION NAME...`.

Reads the clean configuration (JSON) from the file and prints the one to run. A process of its
own, because loading the defects loads the whole API, which a supervisor has no use for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from l7audit_stack.defects.defect import Defect
from l7audit_stack.defects.registry import UnknownDefectError, named


def rewrite(bootstrap: dict[str, Any], defects: Iterable[Defect]) -> dict[str, Any]:
    """The bootstrap after the edge rewrites of these defects; the one given stays as it is."""
    result: dict[str, Any] = json.loads(json.dumps(bootstrap))
    for defect in defects:
        if defect.edge is not None:
            result = defect.edge(result)
    return result


def main(arguments: list[str]) -> int:
    """Exit code 4 for an unknown defect."""
    source, *names = arguments
    try:
        defects = named(names)
    except UnknownDefectError as error:
        sys.stderr.write(f"{error}\n")
        return 4
    sys.stdout.write(json.dumps(rewrite(json.loads(Path(source).read_text()), defects)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
