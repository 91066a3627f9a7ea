"""Imported by the process that workers are forked from, and nowhere else: the last of a run to end.

A session that was killed could not remove the folder of the socket by which it asked for workers.
A worker, which is forked later, ends without looking back and removes nothing.
"""

from __future__ import annotations

import atexit
import os
import shutil

atexit.register(shutil.rmtree, os.environ.get("L7AUDIT_SOCKETS", ""), ignore_errors=True)
