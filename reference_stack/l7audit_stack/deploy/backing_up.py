"""Backups of a lane: a job of its own, with the lane's defects, taken in turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from l7audit_stack.backups.job import Outcome
from l7audit_stack.deploy.commands import Module
from l7audit_stack.deploy.components.postgres import BACKUP_ROLE, BINARIES, PACKAGE
from l7audit_stack.deploy.errors import StackError
from l7audit_stack.deploy.lanes import Lane
from l7audit_stack.deploy.wheels import executable

JOB = "l7audit_stack.backups.job"
DEFECTIVE_JOB = "l7audit_stack.defects.backup_job"
ARCHIVER = "l7audit_stack.backups.archiver"
DEFECTIVE_ARCHIVER = "l7audit_stack.defects.archiver"


async def back_up(lane: Lane, deed: str, arguments: Sequence[str]) -> Any:
    """Take, list, verify, open or remove backups. The first one begins the archiving of WAL.
    Raises StackError with the job's sentence."""
    environment = _environment(lane)
    if deed == "take":
        archiver = DEFECTIVE_ARCHIVER if lane.defects else ARCHIVER
        await lane.archiving.start(Module(archiver, (str(lane.archiving.received),), environment))
    module = DEFECTIVE_JOB if lane.defects else JOB
    job = Module(module, (deed, *arguments), environment)
    outcome = msgspec.json.decode(await lane.shared.job(lane.name("backup"), job), type=Outcome)
    if outcome.error:
        raise StackError(outcome.error)
    return outcome.value


def _environment(lane: Lane) -> dict[str, str]:
    shared = lane.shared
    return {
        "POSTGRES_PROGRAMS": str(Path(executable(PACKAGE, f"{BINARIES}/psql")).parent),
        "POSTGRES_SOCKETS": str(shared.postgres.data.parent),
        "POSTGRES_PORT": str(shared.postgres.port),
        "BACKUP_ROLE": BACKUP_ROLE,
        "BACKUP_DIR": str(lane.backups_dir),
        "SECRETS_DIR": str(lane.secrets_dir),
        "SCRATCH_DIR": str(shared.home.folder),
        "PGCONNECT_TIMEOUT": "5",
        "L7_DEFECTS": ",".join(lane.defects),
    }
