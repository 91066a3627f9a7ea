"""Errors of the machine, said to a user."""

from __future__ import annotations

import errno

from l7audit_stack.deploy.errors import from_os_error


def test_a_full_disk_names_the_file_and_the_mend() -> None:
    error = OSError(errno.ENOSPC, "No space left on device", "/data/x")
    said = str(from_os_error(error))
    assert "disk is full (/data/x)" in said
    assert "TMPDIR" in said


def test_anything_else_keeps_the_systems_words() -> None:
    said = str(from_os_error(PermissionError(errno.EACCES, "Permission denied", "/root/x")))
    assert said == "The system refused: Permission denied (/root/x)."
