"""A defect of ours: the traceback goes into a file, the user gets one sentence."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from importlib.metadata import version

from l7audit.cli.streams import one_line
from l7audit.probe.redact import Redactor
from l7audit.probe.secret_shapes import is_credential_header


def sentence(error: BaseException) -> str:
    """Logs the error whole and says where; without a place for the log it says so."""
    cause = one_line(_without_secrets(f"{type(error).__name__}: {error}"))[:200]
    try:
        path = _write(error)
    except OSError as failure:
        return f"An unexpected error ({cause}); its log could not be kept: {failure.strerror}."
    return f"An unexpected error ({cause}); please report it with the log {path}"


def _write(error: BaseException) -> str:
    """The path of a new file, readable by its owner alone, that holds the traceback."""
    descriptor, path = tempfile.mkstemp(prefix="l7audit-crash-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(f"l7audit {version('l7audit')}, Python {platform.python_version()}, ")
        file.write(f"{platform.platform()}\n")
        file.write(f"verb: {' '.join(a for a in sys.argv[1:2] if not a.startswith('-'))}\n\n")
        file.write(_without_secrets("".join(traceback.format_exception(error))))
    return path


def _without_secrets(text: str) -> str:
    """A text without what looks like a secret, and without those of the environment."""
    known = [v for k, v in os.environ.items() if is_credential_header(k)]
    return Redactor(known).text(text)
