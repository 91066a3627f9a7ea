"""What takes backups, with planted defects; L7_DEFECTS names them, with commas."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from l7audit_stack.backups import job
from l7audit_stack.backups.backups import Backups
from l7audit_stack.defects.registry import named


def defective_backups(environ: Mapping[str, str]) -> Backups:
    """Those that the environment describes, each defect applied in the order given."""
    backups = job.production_backups(environ)
    for defect in named(name for name in environ.get("L7_DEFECTS", "").split(",") if name):
        if defect.backups is not None:
            backups = defect.backups(backups)
    return backups


if __name__ == "__main__":
    sys.exit(job.main(sys.argv[1:], defective_backups))
