"""Running a program that refuses to be root."""

from __future__ import annotations

import os
import subprocess
from enum import Enum
from pathlib import Path

from l7audit_stack.deploy.system import enter_user_namespace

_NOBODY = 65534


class Privilege(Enum):
    """How a program is kept from being root on this machine."""

    KEEP = "we are not root"
    NAMESPACE = "a user namespace in which our user has another number"
    NOBODY = "the account nobody"

    @classmethod
    def choose(cls) -> Privilege:
        """The gentlest way that works here. Containers often forbid user namespaces."""
        if os.geteuid() != 0:
            return cls.KEEP
        try:
            subprocess.run(["/bin/sh", "-c", ":"], preexec_fn=enter_user_namespace, check=True)
        except (subprocess.SubprocessError, OSError):
            return cls.NOBODY
        return cls.NAMESPACE

    def drop(self) -> None:
        """Give the rights up. Runs in the child, before it becomes the program."""
        if self is Privilege.NAMESPACE:
            enter_user_namespace()
        elif self is Privilege.NOBODY:
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)

    def hand_over(self, folder: Path, up_to: Path) -> None:
        """Let such a program own all of `folder`; it may pass the folders up to `up_to`."""
        if self is not Privilege.NOBODY:
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)
        for parent in folder.parents:
            parent.chmod(0o711)
            if parent == up_to:
                break
