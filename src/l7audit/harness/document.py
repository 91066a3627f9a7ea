"""Where the target's OpenAPI document comes from (its own address, or a file), and what the
target's own answers teach beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from l7audit.errors import (
    BudgetSpentError,
    DocumentError,
    OutOfScopeError,
    ProviderError,
    TargetLostError,
)
from l7audit.model import Target
from l7audit.probe.probe import Probe
from l7audit.probe.request import Request
from l7audit.probe.wire import BODY_BYTES
from l7audit.target.discover import discover
from l7audit.target.learnt import Learnt
from l7audit.target.manners import learn
from l7audit.target.target_model import TargetModel

LIMIT = 16 * 1024 * 1024
"""The most bytes of a document that are read."""


def fetch(target: Target, probe: Probe) -> str:
    """The document's text; where the target names none, what `discover` may find, or nothing.

    Errors: `ProviderError` where the named document cannot be had: auditing on without it would
    leave most controls out and still look like a result.
    """
    if not target.openapi:
        return discover(target, probe)
    if "://" not in target.openapi:
        return _file(Path(target.openapi))
    parts = urlsplit(target.openapi)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    answer = probe.send(
        Request(method="GET", path=path or "/", base_url=f"{parts.scheme}://{parts.netloc}")
    )
    if not answer.ok:
        raise ProviderError(
            f"The OpenAPI document at {target.openapi} answered {answer.status or answer.error}.",
            mend="Name the document in the profile (target.openapi), or leave it empty.",
        )
    if answer.truncated:
        raise DocumentError(
            f"The OpenAPI document at {target.openapi} is larger than {BODY_BYTES // 2**20} MiB.",
            mend="Download it and name the file, or a part of it: target.openapi",
        )
    return answer.text


def understood(target: Target, probe: Probe, seed: int) -> tuple[str, Learnt, tuple[str, ...]]:
    """The target's document (its text), what its own answers teach beside it, and sentences on
    what of the document is not looked at.

    Errors: as `fetch`; what is unusable in the document or the hints is said here once, not by
    each check. What keeps the target from teaching is told by the checks, too.
    """
    document = fetch(target, probe)
    model = TargetModel.of(document, target, seed=seed)
    notes = model.document.notes if model.document is not None else ()
    try:
        return document, learn(model, probe), notes
    except (BudgetSpentError, OutOfScopeError, TargetLostError):
        return document, Learnt(), notes


def digest_of(document: str, target: Target) -> str:
    """The SHA-256, in hex, of what the document says; the target's own address does not count."""
    said = document.replace(target.base_url.rstrip("/"), "")
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _file(path: Path) -> str:
    try:
        if path.stat().st_size > LIMIT:
            raise ProviderError(f"{path} is larger than {LIMIT // 2**20} MiB.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProviderError(
            f"The OpenAPI document {path} cannot be read: {error}.",
            mend="Name a JSON or YAML file in the profile: target.openapi",
        ) from error
