"""What archives the WAL, with planted defects; L7_DEFECTS names them, with commas."""

from __future__ import annotations

import sys

from l7audit_stack.backups import archiver
from l7audit_stack.defects.backup_job import defective_backups

if __name__ == "__main__":
    sys.exit(archiver.main(sys.argv[1:], defective_backups))
