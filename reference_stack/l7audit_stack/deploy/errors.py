"""The one error of this package."""

from __future__ import annotations

import errno


class StackError(Exception):
    """The stack can't do what was asked. The message is a sentence for the user.

    It may be followed by the last log lines of the component that caused it.
    """


def from_os_error(error: OSError) -> StackError:
    """Say what the machine refused, and the mend where there is an obvious one."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StackError(
            f"The disk is full{where}: free some space, or set TMPDIR to a folder that has it."
        )
    return StackError(f"The system refused: {error.strerror or error}{where}.")
