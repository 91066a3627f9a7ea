"""The exit codes of the command line. 0 to 5 keep pytest's meanings."""

from enum import IntEnum


class Exit(IntEnum):
    """What the process says to the shell when it ends."""

    PASSED = 0  # the gate passed
    FAILED = 1  # the gate failed
    INTERRUPTED = 2  # Ctrl-C or SIGTERM; the journal is whole and can be resumed
    INTERNAL = 3  # an internal or provider error
    USAGE = 4  # the command line or the profile is wrong
    NOTHING_ASSESSED = 5  # no control was assessed
    UNTRUSTED = 6  # coverage or witnesses are missing, or evidence was changed
    WAIVERS = 7  # a waiver is invalid or expired
