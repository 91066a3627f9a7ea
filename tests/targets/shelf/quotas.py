"""Token buckets, and the fields that tell of them (RateLimit, RateLimit-Policy, Retry-After)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass


@dataclass
class _Bucket:
    level: float
    at: float


class Quotas:
    """One bucket a name: `quota` requests at once, refilled evenly within `window` seconds."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str, quota: int, window: float) -> tuple[bool, dict[str, str]]:
        """Whether one more request is let in, and the fields to answer with."""
        now = time.monotonic()
        bucket = self._buckets.setdefault(name, _Bucket(quota, now))
        rate = quota / window
        bucket.level = min(quota, bucket.level + (now - bucket.at) * rate)
        bucket.at = now
        admitted = bucket.level >= 1
        if admitted:
            bucket.level -= 1
        full_in = max(1, math.ceil((quota - bucket.level) / rate))
        fields = {
            "RateLimit-Policy": f'"reader";q={quota};w={math.ceil(window)}',
            "RateLimit": f'"reader";r={int(bucket.level)};t={full_in}',
        }
        if not admitted:
            fields["Retry-After"] = str(full_in)
        return admitted, fields
