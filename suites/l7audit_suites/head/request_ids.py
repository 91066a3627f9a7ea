"""Ids by which a service names its answers: one each, and never a stranger's text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

NAMES = (
    "X-Request-Id",
    "Request-Id",
    "X-Correlation-Id",
    "Correlation-Id",
    "X-Trace-Id",
    "X-Amzn-Requestid",
    "X-Amz-Request-Id",
    "X-Ms-Request-Id",
    "X-Cloud-Trace-Context",
    "Traceresponse",
)

_PLAIN = re.compile(r"[A-Za-z0-9._:;/=+-]{1,128}")


def ids(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The ids of an answer, by the header's name as in `NAMES`."""
    wanted = {name.lower(): name for name in NAMES}
    return {wanted[n.lower()]: v.strip() for n, v in headers if n.lower() in wanted}


def repeated(answers: Iterable[Sequence[tuple[str, str]]]) -> dict[str, str]:
    """The ids that more than one answer carries, by header."""
    counts: Counter[tuple[str, str]] = Counter()
    for headers in answers:
        counts.update(ids(headers).items())
    return {name: value for (name, value), count in counts.items() if count > 1}


def reflected(headers: Sequence[tuple[str, str]], sent: Sequence[str]) -> list[str]:
    """The headers in which text of ours came back that is no harmless id."""
    hostile = [text for text in sent if not _PLAIN.fullmatch(text)]
    return sorted({n for n, v in headers if any(text in v for text in hostile)})


def injected(headers: Sequence[tuple[str, str]], marker: str) -> bool:
    """Whether a header of our own making stands among the answer's."""
    return any(n.lower() == marker.lower() for n, _ in headers)
