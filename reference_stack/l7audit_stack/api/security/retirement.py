"""Ending the keys that are past their age and the grace after it: the rotation policy's teeth."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from l7audit_stack.api.parts import Parts


async def retire_overdue_keys(
    parts: Parts, *, tenant: str | None, actor: str, request_id: str = ""
) -> Sequence[str]:
    """End overdue keys (of one tenant, or of all), on every replica; returns their ids."""
    now = parts.clock()
    retired = await parts.identities.retire_keys(
        tenant=tenant,
        made_before=parts.rotation.oldest_allowed(now),
        at=datetime.fromtimestamp(now, UTC),
    )
    for key_id, principal_id, owner_tenant in retired:
        await parts.revocations.announce(principal_id)
        await parts.audit.record(
            parts.audit.event(
                "key.retired",
                actor=actor,
                tenant=owner_tenant,
                object=f"key:{key_id}",
                request_id=request_id,
            )
        )
    return [key_id for key_id, _, _ in retired]
