"""Where a drafted profile and its secrets are kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from shlex import quote

from l7audit.errors import UsageError
from l7audit.scouting.profile_text import Draft, variable


def keep_secrets(draft: Draft, out: Path) -> Path | None:
    """Keeps the secrets that no environment variable holds, beside the profile, for its user."""
    lines = []
    for identity in draft.identities:
        for credential in identity.credentials:
            name = draft.variables.get(credential.secret) or variable(
                identity.name, credential.kind
            )
            if os.environ.get(name) != credential.secret:
                lines.append(f"{name}={quote(credential.secret)}")
    if not lines:
        return None
    path = out.with_suffix(".env")
    write(path, "\n".join([*lines, ""]), mode=0o600)
    return path


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Puts the text in its place in one step. Errors: `UsageError`."""
    try:
        handle, fresh = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), mode)
                file.write(text)
            Path(fresh).replace(path)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
