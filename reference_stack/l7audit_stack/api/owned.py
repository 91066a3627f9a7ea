"""Objects that belong to a tenant and an owner: finding one and listing many, by the policy.

Every resource goes through these two doors, so that what the policy says holds for all of them.
Table and column names come from the code, values are always parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from l7audit_stack.api.operation import Call
from l7audit_stack.api.paging import PageQuery, start
from l7audit_stack.api.problems import not_found
from l7audit_stack.api.routes.shapes import caller


@dataclass(frozen=True, slots=True)
class OwnedTable:
    """A table with `id`, `tenant_id` and `created_at`; `what` names one of its rows for people.

    `owner` is the column that holds the owner's id.
    """

    name: str
    columns: str
    what: str
    owner: str = "owner_id"

    async def find(self, call: Call, key: UUID, permission: str) -> Any:
        """The row, if the caller may `permission` it.

        Raises 404 for what is absent or out of the caller's sight, 403 for what they may not do.
        """
        row = await call.parts.database.fetchrow(
            f"SELECT {self.columns}, tenant_id::text AS in_tenant, {self.owner}::text AS of_owner"
            f" FROM {self.name} WHERE id = $1",
            key,
        )
        if row is None:
            raise not_found(self.what)
        call.parts.policy.require(
            caller(call),
            permission,
            owner=row["of_owner"],
            tenant=row["in_tenant"],
            what=self.what,
        )
        return row

    async def page(
        self,
        call: Call,
        query: PageQuery,
        permission: str,
        *,
        named: str | None = None,
        oldest_first: bool = False,
    ) -> Sequence[Any]:
        """Rows the caller may see, newest first: one more than `query.limit` if there are more.

        `named` keeps to those whose `name` holds that text, in any case.
        """
        position = start(query.cursor, oldest_first=oldest_first)
        values: list[Any] = [position.moment, position.id, query.limit + 1]
        after, order = (">", "ASC") if oldest_first else ("<", "DESC")
        conditions = [
            f"(created_at, id) {after} ($1, $2)",
            *scope(call, permission, values, self.owner),
        ]
        if named is not None:
            values.append(named)
            conditions.append(f"strpos(lower(name), lower(${len(values)})) > 0")
        rows: Sequence[Any] = await call.parts.database.fetch(
            f"SELECT {self.columns} FROM {self.name} WHERE {' AND '.join(conditions)}"
            f" ORDER BY created_at {order}, id {order} LIMIT $3",
            *values,
        )
        return rows

    async def remove(self, call: Call, key: UUID, permission: str) -> None:
        """Delete the row, if the caller may. Raises as `find` does."""
        await self.find(call, key, permission)
        await call.parts.database.execute(f"DELETE FROM {self.name} WHERE id = $1", key)


def scope(
    call: Call, permission: str, values: list[Any], owner: str | None = "owner_id"
) -> list[str]:
    """SQL conditions that keep a query to the rows the caller may see; extends `values`.

    `owner` is the column of the owner's id, None for a table whose rows have no owner.
    """
    policy, principal = call.parts.policy, caller(call)
    conditions = []
    for column, value in (
        ("tenant_id", policy.tenant_filter(principal, permission)),
        (owner, policy.owner_filter(principal, permission)),
    ):
        if column is not None and value is not None:
            values.append(value)
            conditions.append(f"{column} = ${len(values)}::uuid")
    return conditions
