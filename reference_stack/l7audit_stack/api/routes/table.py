"""All operations of the API: a new resource is a new file and its name here."""

from __future__ import annotations

from l7audit_stack.api.operation import Operation
from l7audit_stack.api.routes import (
    account,
    agents,
    archives,
    audit,
    auth,
    chat,
    credits,
    description,
    documents,
    files,
    health,
    keys,
    me,
    memories,
    metrics,
    policies,
    resets,
    search,
    signing_keys,
    users,
    vouchers,
    webhooks,
)

OPERATIONS: tuple[Operation, ...] = (
    *auth.OPERATIONS,
    *resets.OPERATIONS,
    *me.OPERATIONS,
    *account.OPERATIONS,
    *keys.OPERATIONS,
    *signing_keys.OPERATIONS,
    *users.OPERATIONS,
    *agents.OPERATIONS,
    *memories.OPERATIONS,
    *documents.OPERATIONS,
    *search.OPERATIONS,
    *files.OPERATIONS,
    *archives.OPERATIONS,
    *chat.OPERATIONS,
    *webhooks.OPERATIONS,
    *credits.OPERATIONS,
    *vouchers.OPERATIONS,
    *audit.OPERATIONS,
    *policies.OPERATIONS,
    *health.OPERATIONS,
    *metrics.OPERATIONS,
    *description.OPERATIONS,
)
