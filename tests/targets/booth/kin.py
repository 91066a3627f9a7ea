"""Runs a program and outlives all that it starts: `python -m booth.kin FD COMMAND...`.

Whatever loses its parent becomes a child of this process, even what made a session of its own, so
nothing that the program leaves behind can hide. To the descriptor FD go two lines: the program's
process id, and later its exit code (negative: the signal that ended it). This process ends when
the last of the program's processes has. Linux only.
"""

from __future__ import annotations

import os
import subprocess
import sys

from l7audit_stack.deploy.system import adopt_orphans


def main(tell: int, command: list[str]) -> None:
    """Runs the command, and waits for it and for all that it started."""
    adopt_orphans()
    program = subprocess.Popen(command)
    os.write(tell, b"%d\n" % program.pid)
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            return
        if pid == program.pid:
            program.returncode = os.waitstatus_to_exitcode(status)
            os.write(tell, b"%d\n" % program.returncode)
            os.close(tell)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
